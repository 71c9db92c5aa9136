/* SPDX-License-Identifier: BSD-2-Clause */
/* http/h1_body: slices and their order. What is refused: tests/wire/bodies.txt. */
#include "http/h1_body.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_pieces_lie_in_the_input(void **state)
{
	const struct cg_framing framing = {.kind = CG_FRAMING_CHUNKED};
	struct cg_str in = CG_STR("5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\nGET"), piece;
	struct cg_h1_body body;
	size_t used;

	(void)state;
	cg_h1_body_init(&body, &framing, 0, 100, 10);
	assert_int_equal(cg_h1_body_next(&body, in, &used, &piece), CG_H1_BODY_PIECE);
	assert_ptr_equal(piece.ptr, in.ptr + 3);
	assert_int_equal(piece.len, 5);
	assert_int_equal(used, 8);
	in.ptr += used;
	in.len -= used;
	assert_int_equal(cg_h1_body_next(&body, in, &used, &piece), CG_H1_BODY_PIECE);
	assert_true(cg_str_eq(piece, CG_STR("abc")));
	in.ptr += used;
	in.len -= used;
	assert_int_equal(cg_h1_body_next(&body, in, &used, &piece), CG_H1_BODY_END);
	assert_int_equal(used, in.len - 3);
	assert_int_equal(body.bytes, 8);
	assert_true(cg_h1_body_may_end(&body));
}

static void test_last_piece_comes_before_the_end(void **state)
{
	const struct cg_framing framing = {.kind = CG_FRAMING_LENGTH, .length = 3};
	struct cg_str piece;
	struct cg_h1_body body;
	size_t used;

	(void)state;
	cg_h1_body_init(&body, &framing, 0, 100, 10);
	assert_int_equal(cg_h1_body_next(&body, CG_STR(""), &used, &piece), CG_H1_BODY_WANT);
	assert_false(cg_h1_body_may_end(&body));
	assert_int_equal(cg_h1_body_next(&body, CG_STR("abcdef"), &used, &piece), CG_H1_BODY_PIECE);
	assert_int_equal(used, 3);
	assert_int_equal(cg_h1_body_next(&body, CG_STR(""), &used, &piece), CG_H1_BODY_END);
	assert_int_equal(used, 0);
}

static void test_error_stays(void **state)
{
	const struct cg_framing framing = {.kind = CG_FRAMING_CHUNKED};
	struct cg_str piece;
	struct cg_h1_body body;
	size_t used;

	(void)state;
	cg_h1_body_init(&body, &framing, 0, 100, 10);
	assert_int_equal(cg_h1_body_next(&body, CG_STR("x"), &used, &piece), CG_H1_BODY_ERROR);
	assert_int_equal(cg_h1_body_next(&body, CG_STR("0\r\n\r\n"), &used, &piece),
	                 CG_H1_BODY_ERROR);
	assert_int_equal(body.refusal, CG_REFUSAL_BAD_CHUNK);
	assert_false(cg_h1_body_may_end(&body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_pieces_lie_in_the_input),
	        cmocka_unit_test(test_last_piece_comes_before_the_end),
	        cmocka_unit_test(test_error_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

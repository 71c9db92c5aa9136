/* SPDX-License-Identifier: BSD-2-Clause */
/* http/h1_write: bytes as RFC 9112 wants them. */
#include "http/h1_write.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_written(struct cg_buf *out, const char *want)
{
	assert_int_equal(cg_buf_len(out), cg_str_from(want).len);
	assert_true(cg_str_eq(cg_buf_str(out), cg_str_from(want)));
	cg_buf_clear(out);
}

static void test_first_lines(void **state)
{
	struct cg_buf out = {0};

	(void)state;
	cg_h1_write_request_line(&out, CG_STR("POST"), CG_STR("/a?b"));
	assert_written(&out, "POST /a?b HTTP/1.1\r\n");
	cg_h1_write_status_line(&out, 404, CG_STR(""));
	assert_written(&out, "HTTP/1.1 404 Not Found\r\n");
	cg_h1_write_status_line(&out, 200, CG_STR("Fine"));
	assert_written(&out, "HTTP/1.1 200 Fine\r\n");
	cg_h1_write_status_line(&out, 299, CG_STR(""));
	assert_written(&out, "HTTP/1.1 299 \r\n");
	cg_buf_fini(&out);
}

static void test_dropped_fields_are_left_out(void **state)
{
	struct cg_field fields[] = {
	        {.name = CG_STR("A"), .value = CG_STR("1")},
	        {.name = CG_STR("B"), .value = CG_STR("2"), .is_dropped = true},
	        {.name = CG_STR("C"), .value = CG_STR("")},
	};
	struct cg_message message = {.fields = fields, .fields_n = CG_ARRAY_LEN(fields)};
	struct cg_buf out = {0};

	(void)state;
	cg_h1_write_fields(&out, &message);
	cg_h1_write_field(&out, CG_STR("D"), CG_STR("4"));
	cg_h1_write_end_of_head(&out);
	assert_written(&out, "A: 1\r\nC: \r\nD: 4\r\n\r\n");
	message.fields_n = 0;
	cg_h1_write_fields(&out, &message);
	assert_written(&out, "");
	cg_buf_fini(&out);
}

static void test_framing(void **state)
{
	struct cg_framing framing = {.kind = CG_FRAMING_LENGTH, .length = UINT64_MAX};
	struct cg_buf out = {0};

	(void)state;
	cg_h1_write_framing(&out, &framing);
	assert_written(&out, "Content-Length: 18446744073709551615\r\n");
	framing.length = 0;
	cg_h1_write_framing(&out, &framing);
	assert_written(&out, "Content-Length: 0\r\n");
	framing.kind = CG_FRAMING_CHUNKED;
	cg_h1_write_framing(&out, &framing);
	assert_written(&out, "Transfer-Encoding: chunked\r\n");
	framing.kind = CG_FRAMING_NONE;
	cg_h1_write_framing(&out, &framing);
	framing.kind = CG_FRAMING_CLOSE;
	cg_h1_write_framing(&out, &framing);
	assert_written(&out, "");
	cg_buf_fini(&out);
}

static void assert_chunk_head(size_t len, const char *want)
{
	char text[CG_H1_CHUNK_HEAD_SIZE];
	struct cg_str got = {.ptr = text, .len = cg_h1_write_chunk_head(text, len)};

	assert_true(cg_str_eq(got, cg_str_from(want)));
}

static void test_chunks(void **state)
{
	(void)state;
	assert_chunk_head(1, "1\r\n");
	assert_chunk_head(15, "f\r\n");
	assert_chunk_head(16, "10\r\n");
	assert_chunk_head(65536, "10000\r\n");
	assert_chunk_head(SIZE_MAX, "ffffffffffffffff\r\n");
	assert_true(cg_str_eq(cg_h1_last_chunk(), CG_STR("0\r\n\r\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_first_lines),
	        cmocka_unit_test(test_dropped_fields_are_left_out),
	        cmocka_unit_test(test_framing),
	        cmocka_unit_test(test_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The length of a body by RFC 9112 section 6, without any of the repairs it lets a recipient make:
 * "5, 5" is not 5, and a second Transfer-Encoding is not a continuation of the first. */
#include "http/framing.h"

/* The three fields that matter, gathered in one pass. */
struct framing_fields {
	const struct cg_field *length;
	const struct cg_field *coding;
	size_t lengths_n;
	size_t codings_n;
	bool has_close;
	bool has_keep_alive;
};

static void framing_read_connection(struct framing_fields *found, struct cg_str list)
{
	struct cg_str token;

	while (cg_str_next(&list, ',', &token)) {
		found->has_close |= cg_str_ieq(token, CG_STR("close"));
		found->has_keep_alive |= cg_str_ieq(token, CG_STR("keep-alive"));
	}
}

static void framing_gather(const struct cg_message *message, struct framing_fields *found)
{
	*found = (struct framing_fields){0};
	for (size_t i = 0; i < message->fields_n; i++) {
		const struct cg_field *field = &message->fields[i];

		switch (field->id) {
		case CG_FIELD_CONTENT_LENGTH:
			found->length = field;
			found->lengths_n++;
			break;
		case CG_FIELD_TRANSFER_ENCODING:
			found->coding = field;
			found->codings_n++;
			break;
		case CG_FIELD_CONNECTION:
			framing_read_connection(found, field->value);
			break;
		default:
			break;
		}
	}
}

/* RFC 9112 section 9.3. */
static bool framing_keeps_alive(const struct cg_message *message,
                                const struct framing_fields *found)
{
	if (found->has_close)
		return false;
	return message->version_minor > 0 || found->has_keep_alive;
}

/* "chunked" alone is taken. A list that puts something sound before a final "chunked", or is
 * without it, names a coding that we do not know; everything else is malformed. */
static enum cg_refusal framing_judge_coding(struct cg_str list)
{
	bool is_chunked = false, has_other = false;
	struct cg_str coding;

	if (cg_str_ieq(list, CG_STR("chunked")))
		return CG_REFUSAL_NONE;
	if (list.len == 0)
		return CG_REFUSAL_BAD_CODING;
	while (cg_str_next(&list, ',', &coding)) {
		if (is_chunked || !cg_field_is_token(coding))
			return CG_REFUSAL_BAD_CODING;
		is_chunked = cg_str_ieq(coding, CG_STR("chunked"));
		has_other |= !is_chunked;
	}
	return has_other ? CG_REFUSAL_CODING_UNKNOWN : CG_REFUSAL_BAD_CODING;
}

/* What Content-Length and Transfer-Encoding say, whoever sent them; NONE without either. */
static enum cg_refusal framing_judge_fields(const struct cg_message *message,
                                            const struct framing_fields *found,
                                            struct cg_framing *framing)
{
	framing->kind = CG_FRAMING_NONE;
	framing->length = 0;
	if (found->coding != NULL) {
		framing->kind = CG_FRAMING_CHUNKED;
		if (found->length != NULL)
			return CG_REFUSAL_LENGTH_AND_CODING;
		if (message->version_minor == 0)
			return CG_REFUSAL_CODING_IN_1_0;
		if (found->codings_n > 1)
			return CG_REFUSAL_BAD_CODING;
		return framing_judge_coding(found->coding->value);
	}
	if (found->length != NULL) {
		framing->kind = CG_FRAMING_LENGTH;
		if (found->lengths_n > 1)
			return CG_REFUSAL_LENGTH_REPEATED;
		/* Where others keep it in a signed number it must fit too. */
		if (!cg_str_to_u64(found->length->value, INT64_MAX, &framing->length))
			return CG_REFUSAL_BAD_LENGTH;
	}
	return CG_REFUSAL_NONE;
}

enum cg_refusal cg_framing_of_request(const struct cg_message *request, struct cg_framing *framing)
{
	struct framing_fields found;

	framing_gather(request, &found);
	framing->keeps_alive = framing_keeps_alive(request, &found);
	return framing_judge_fields(request, &found, framing);
}

enum cg_refusal cg_framing_of_response(const struct cg_message *response, enum cg_method method,
                                       struct cg_framing *framing)
{
	bool has_no_content = response->status < 200 || response->status == 204;
	struct framing_fields found;
	enum cg_refusal refusal;

	framing_gather(response, &found);
	framing->keeps_alive = framing_keeps_alive(response, &found);
	refusal = framing_judge_fields(response, &found, framing);
	if (refusal != CG_REFUSAL_NONE)
		return refusal;
	if (has_no_content && framing->kind == CG_FRAMING_CHUNKED)
		return CG_REFUSAL_BAD_CODING;
	if (has_no_content || response->status == 304 || method == CG_METHOD_HEAD) {
		/* A server that gives 204 a length may well send the bytes. */
		if (has_no_content && framing->length > 0)
			framing->keeps_alive = false;
		framing->kind = CG_FRAMING_NONE;
		framing->length = 0;
	} else if (framing->kind == CG_FRAMING_NONE) {
		framing->kind = CG_FRAMING_CLOSE;
		framing->keeps_alive = false;
	}
	return CG_REFUSAL_NONE;
}

enum cg_refusal cg_framing_expects_continue(const struct cg_message *request, bool *expects)
{
	*expects = false;
	for (size_t i = 0; i < request->fields_n; i++) {
		if (request->fields[i].id != CG_FIELD_EXPECT)
			continue;
		if (*expects || !cg_str_ieq(request->fields[i].value, CG_STR("100-continue")))
			return CG_REFUSAL_BAD_EXPECT;
		*expects = true;
	}
	if (request->version_minor == 0)
		*expects = false;
	return CG_REFUSAL_NONE;
}

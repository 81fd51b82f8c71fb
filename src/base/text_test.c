// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"
#include "base/test.h"
#include "base/text.h"

TEST(text_past_its_maximum_is_dropped_and_remembered)
{
    SCOPED_TEXT text;
    text_init(&text, 8);
    text_add(&text, "12345678");
    CHECK(!text.overflowed);
    text_add_char(&text, '9');
    CHECK(text.overflowed);
    CHECK_TEXT(text.bytes, "12345678");
}

TEST(long_formatted_text_is_complete)
{
    char wide[600];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    SCOPED_TEXT text;
    text_init(&text, 4096);
    text_addf(&text, "<%s>", wide);
    CHECK_INT(text.len, sizeof wide + 1);
    CHECK(text.bytes[text.len - 1] == '>');
}

TEST(numbers_read_back_to_themselves)
{
    static const double NUMBERS[] = {0.1, -2.5, 1e300, 5e-324, 1.0 / 3, 123456789.125};
    for (size_t i = 0; i < COUNT_OF(NUMBERS); i++) {
        SCOPED_TEXT text;
        text_init(&text, 64);
        text_add_real(&text, NUMBERS[i]);
        CHECK(strtod(text.bytes, NULL) == NUMBERS[i]);
    }
    SCOPED_TEXT least;
    text_init(&least, 64);
    text_add_int(&least, INT64_MIN);
    CHECK_TEXT(least.bytes, "-9223372036854775808");
}

TEST(hostile_bytes_stay_inside_their_json_string)
{
    SCOPED_TEXT text;
    text_init(&text, 256);
    text_add_json(&text, "a\"\\\n\x01\xff\xc3\xa9", 8);
    CHECK_TEXT(text.bytes, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xa9\"");
}

TEST(utf8_is_told_from_its_imitations)
{
    CHECK(text_is_utf8("gr\xc3\xbc\xc3\x9f dich", 11));
    CHECK(text_is_utf8("\xf0\x9f\x8e\xaa", 4));
    CHECK(!text_is_utf8("\xc0\xaf", 2));          /* overlong */
    CHECK(!text_is_utf8("\xed\xa0\x80", 3));      /* surrogate */
    CHECK(!text_is_utf8("\xf4\x90\x80\x80", 4));  /* past U+10FFFF */
    CHECK(!text_is_utf8("12345678\xe2\x82", 10)); /* cut */
}

TEST(identifiers_fit_into_paths_and_topics)
{
    CHECK(text_is_id("cam-017"));
    CHECK(text_is_id("7_gate"));
    CHECK(!text_is_id(""));
    CHECK(!text_is_id("-cam"));
    CHECK(!text_is_id("Cam"));
    CHECK(!text_is_id("a/b"));
    CHECK(!text_is_id("a2345678901234567890123456789012345678901234567890123456789012345"));
}

TEST(crc32c_equals_the_published_check_value)
{
    CHECK(crc32c(0, "123456789", 9) == 0xE3069283U);
    CHECK(crc32c(crc32c(0, "1234", 4), "56789", 5) == 0xE3069283U);
}

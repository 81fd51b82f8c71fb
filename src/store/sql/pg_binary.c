// SPDX-License-Identifier: Apache-2.0
#include "store/sql/pg_binary.h"

#include <math.h>

enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700,
};

enum { NUMERIC_HEAD = 8, NUMERIC_NEGATIVE = 0x4000, NUMERIC_NAN = 0xC000 };

uint64_t pg_get(const char *bytes, size_t len)
{
    uint64_t number = 0;
    for (size_t i = 0; i < len && i < 8; i++)
        number = number << 8 | (unsigned char)bytes[i];
    return number;
}

enum sql_type pg_kind_of(unsigned type)
{
    switch (type) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_OID:
        return SQL_TYPE_INT;
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC:
        return SQL_TYPE_REAL;
    case OID_BYTEA:
        return SQL_TYPE_BLOB;
    default:
        return SQL_TYPE_TEXT;
    }
}

static long double numeric(const struct pg_field *field)
{
    if (field->len < NUMERIC_HEAD)
        return 0;
    int digit_count = (int16_t)pg_get(field->bytes, 2);
    int weight = (int16_t)pg_get(field->bytes + 2, 2);
    unsigned sign = (unsigned)pg_get(field->bytes + 4, 2);
    if (sign == NUMERIC_NAN)
        return NAN;
    long double sum = 0;
    for (int i = 0; i < digit_count && NUMERIC_HEAD + 2 * (size_t)i + 2 <= field->len; i++) {
        long double digit = (long double)pg_get(field->bytes + NUMERIC_HEAD + 2 * i, 2);
        sum += digit * powl(10000, weight - i);
    }
    return sign == NUMERIC_NEGATIVE ? -sum : sum;
}

static double float_of(const struct pg_field *field)
{
    if (field->len == 4) {
        uint32_t bits = (uint32_t)pg_get(field->bytes, 4);
        float number;
        memcpy(&number, &bits, sizeof number);
        return (double)number;
    }
    uint64_t bits = pg_get(field->bytes, 8);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int64_t whole(const struct pg_field *field)
{
    switch (field->len) {
    case 1:
        return (int8_t)pg_get(field->bytes, 1);
    case 2:
        return (int16_t)pg_get(field->bytes, 2);
    case 4:
        return field->type == OID_OID ? (int64_t)pg_get(field->bytes, 4)
                                      : (int32_t)pg_get(field->bytes, 4);
    default:
        return (int64_t)pg_get(field->bytes, 8);
    }
}

int64_t pg_int(const struct pg_field *field)
{
    if (field->is_null)
        return 0;
    if (field->type == OID_NUMERIC)
        return (int64_t)numeric(field);
    switch (pg_kind_of(field->type)) {
    case SQL_TYPE_INT:
        return whole(field);
    case SQL_TYPE_REAL:
        return (int64_t)float_of(field);
    case SQL_TYPE_TEXT:
        return strtoll(field->bytes, NULL, 10);
    case SQL_TYPE_BLOB:
    case SQL_TYPE_NULL:
    default:
        return 0;
    }
}

double pg_real(const struct pg_field *field)
{
    if (field->is_null)
        return 0;
    if (field->type == OID_NUMERIC)
        return (double)numeric(field);
    switch (pg_kind_of(field->type)) {
    case SQL_TYPE_INT:
        return (double)whole(field);
    case SQL_TYPE_REAL:
        return float_of(field);
    case SQL_TYPE_TEXT:
        return strtod(field->bytes, NULL);
    case SQL_TYPE_BLOB:
    case SQL_TYPE_NULL:
    default:
        return 0;
    }
}

const char *pg_put_int64(unsigned char out[8], int64_t number)
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
    return (const char *)out;
}

const char *pg_put_real(unsigned char out[8], double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return pg_put_int64(out, bits);
}

// SPDX-License-Identifier: Apache-2.0
#include "alerts/condition.h"

#include <math.h>

#define DEFAULT_GAP 0.1 /* of the threshold */

static bool is_above(const struct rule *rule, double value)
{
    return value >= rule->threshold;
}

static bool is_clear_of_above(const struct rule *rule, double value)
{
    return value <= rule->recovery;
}

static bool has_gap_below(const struct rule *rule)
{
    return rule->recovery < rule->threshold;
}

static double recover_below(double threshold)
{
    return threshold - fabs(threshold) * DEFAULT_GAP;
}

static bool is_below(const struct rule *rule, double value)
{
    return value <= rule->threshold;
}

static bool is_clear_of_below(const struct rule *rule, double value)
{
    return value >= rule->recovery;
}

static bool has_gap_above(const struct rule *rule)
{
    return rule->recovery > rule->threshold;
}

static double recover_above(double threshold)
{
    return threshold + fabs(threshold) * DEFAULT_GAP;
}

// clang-format off: a table
static const struct condition CONDITIONS[] = {
    [RULE_ABOVE] = {"above", "at or above", is_above, is_clear_of_above, has_gap_below, "below",
                    recover_below},
    [RULE_BELOW] = {"below", "at or below", is_below, is_clear_of_below, has_gap_above, "above",
                    recover_above},
};
// clang-format on
const char *const rule_direction_names[] = {"above", "below", NULL};
_Static_assert(COUNT_OF(rule_direction_names) == COUNT_OF(CONDITIONS) + 1, "one name each");

const struct condition *condition_of(int direction)
{
    assert(direction >= 0 && (size_t)direction < COUNT_OF(CONDITIONS));
    return &CONDITIONS[direction];
}

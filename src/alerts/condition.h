// SPDX-License-Identifier: Apache-2.0
/* alerts/condition.h — what a rule looks at in one value: when it is bad, and when it is good again.
 * The two must not touch: values in between neither begin an alarm nor end one. One line of the table
 * per `direction` of a rule; how to add one is in docs/how-to-add-an-alert-kind.md. Pure. */
#pragma once
#include "alerts/rule.h"

struct condition {
    const char *name;  /* in a rule's JSON: "above" */
    const char *words; /* before the threshold, for people: "at or above" */
    bool (*is_breach)(const struct rule *rule, double value);
    bool (*is_clear)(const struct rule *rule, double value);
    bool (*has_gap)(const struct rule *rule);
    const char *gap_words;                /* where recovery must lie: "below" */
    double (*recovery)(double threshold); /* when the rule does not say */
};

const struct condition *condition_of(int direction);

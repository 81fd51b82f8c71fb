// SPDX-License-Identifier: Apache-2.0
/* alerts/rule.h — what an organiser asks to be told of: a series that is at or beyond a threshold for
 * a time, or that is not heard any more. A rule's `series` is one series ("lift-3:temperature",
 * "zone.stage-a:density") or a pattern with one alarm per subject: "zone.*:density" is every zone,
 * "venue.*:people" every venue, "*:temperature" every device;
 * "device.*:silence" is every device that is not heard (alerts/silence.h). */
#pragma once
#include "base/json.h"
#include "readings/readings.h"

#define LIMIT_EVENT_RULES     500   /* 422 */
#define LIMIT_RULE_RECIPIENTS 20    /* 422 */
#define LIMIT_RULE_SUBJECTS   10000 /* further subjects are not watched; logged and counted */
#define LIMIT_RULE_HOLD_MS    (24 * 3600 * 1000)

enum rule_direction { RULE_ABOVE, RULE_BELOW };
enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

struct rule {
    char event[LIMIT_ID_LEN + 1];
    char id[LIMIT_ID_LEN + 1];
    char name[LIMIT_NAME_LEN + 1];
    char series[READINGS_SERIES_LEN + 1];
    int direction; /* enum rule_direction; int because a JSON table fills it */
    int severity;  /* enum severity */
    double threshold;
    double recovery; /* on the good side of the threshold: the gap keeps it from flapping */
    int64_t hold_ms; /* the breach lasts this long before it fires */
    int64_t recovery_hold_ms; /* the recovery lasts this long before it is resolved */
    int64_t no_data_after_ms; /* 0 = silence is no alarm */
    bool is_enabled;
    bool mails_resolution; /* whoever got the alarm is mailed its end */
    size_t recipient_count;
    char recipients[LIMIT_RULE_RECIPIENTS][LIMIT_EMAIL_LEN + 1]; /* address, or "role:control" */
    int64_t created_ms;
    int64_t updated_ms;
};

extern const char *const rule_direction_names[];                 /* "above" ... NULL */
extern const char *const severity_names[];                       /* "info" ... NULL */
int rule_name_index(const char *const *names, const char *name); /* -1 when it is none of them */

/* What a request sends: the tables for a new rule (needs id, series, threshold) and for a change
 * (everything optional, no id). Start with rule_form_init() or from the rule that is changed. */
struct rule_form {
    struct rule rule;
    json_t *recipients; /* borrowed from the document */
    bool has_recovery;
    bool has_recovery_hold;
};
#define RULE_FIELD_COUNT 13
extern const struct json_field rule_create_fields[RULE_FIELD_COUNT];
extern const struct json_field rule_change_fields[RULE_FIELD_COUNT - 1];

void rule_form_init(struct rule_form *form, const char *event);
void rule_form_from(struct rule_form *form, const struct rule *rule);
/* The finished rule: defaults filled in, everything checked. Refuses a recovery threshold without a
 * gap or on the wrong side, a series that cannot be, an address that is none. */
MUST_USE enum err rule_form_finish(const struct rule_form *form, struct rule *out_rule,
                                   struct err_note *note);
/* The rule as the API gives it; the caller owns it. */
json_t *rule_json(const struct rule *rule);
/* The recipients as a JSON array, and back. */
json_t *rule_recipients_json(const struct rule *rule);
MUST_USE enum err rule_recipients_read(json_t *array, struct rule *rule, struct err_note *note);

bool rule_is_pattern(const char *series);
/* The only pattern that covers this series: "zone.stage-a:density" gives "zone.*:density". False
 * when the name has no measure. */
bool rule_pattern_of(const char *series, char out_pattern[READINGS_SERIES_LEN + 1]);

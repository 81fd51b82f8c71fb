// SPDX-License-Identifier: Apache-2.0
#include "server/privacy_settings.h"

static int64_t age_by_settings(const void *context, const struct privacy_kind *kind)
{
    if (kind->setting == NULL)
        return kind->more_ms;
    const struct setting *setting =
        setting_find(server_settings, server_setting_count, kind->setting);
    assert(setting != NULL && setting->kind == SETTING_DURATION);
    int64_t keep_ms;
    memcpy(&keep_ms, (const char *)context + setting->offset, sizeof keep_ms);
    return keep_ms == 0 ? 0 : keep_ms + kind->more_ms;
}

struct privacy_clock privacy_clock_of(const struct server_options *options)
{
    return (struct privacy_clock){.age_ms = age_by_settings, .context = options};
}

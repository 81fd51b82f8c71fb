// SPDX-License-Identifier: Apache-2.0
/* events/time_zone.h — which names of time zones are ones. */
#pragma once
#include "base/base.h"

#define TIME_ZONE_FOLDER "/usr/share/zoneinfo"

/* The shape of an IANA name: "Europe/Berlin". It never leads out of the folder. */
bool time_zone_has_form(const char *name);

enum time_zone_verdict { TIME_ZONE_KNOWN, TIME_ZONE_UNKNOWN, TIME_ZONE_NO_DATABASE };
/* `folder` holds a compiled zone (RFC 8536) for each name. */
enum time_zone_verdict time_zone_judge(const char *folder, const char *name);

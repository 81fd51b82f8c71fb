// SPDX-License-Identifier: Apache-2.0
/* What strangers write into addresses: SensorThings paths, $filter and $orderby, and MQTT topics. What is
 * taken has ids of the right shape and a time that can be written; what is refused has words. The first
 * byte chooses. */
#include "api/exchange/sta_address.h"
#include "api/mqtt/topics.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void try_path(const char *text)
{
    struct sta_path path;
    struct err_note note = {.detail = ""};
    if (sta_path_read(text, &path, &note) != ERR_NONE) {
        assert(note.detail[0] != '\0');
        return;
    }
    assert(path.kind < STA_KINDS && memchr(path.id, '\0', sizeof path.id) != NULL);
    assert((path.from == STA_ROOT) == (path.id[0] == '\0'));
    assert(strpbrk(path.id, "'\"\\/ <") == NULL);
}

static void try_filter(const char *text)
{
    struct sta_range range;
    struct err_note note = {.detail = ""};
    if (sta_filter_read(text, &range, &note) == ERR_NONE)
        assert(range.from_ms >= 0 && range.to_ms <= STA_TIME_MAX);
    else
        assert(note.detail[0] != '\0');
}

static void try_order(const char *text)
{
    enum sta_order order = STA_OLDEST_FIRST;
    struct err_note note = {.detail = ""};
    if (sta_order_read(text, &order, &note) != ERR_NONE)
        assert(note.detail[0] != '\0');
}

static void try_topic(const char *text)
{
    struct topic_rules rules;
    struct sender sender;
    enum sender_kind kind;
    struct err_note note = {.detail = ""};
    enum err err = topic_rules_read("muster", "demo fair/cam-1", "demo", &rules, NULL);
    assert(err == ERR_NONE);
    err = topic_read(&rules, text, &sender, &kind);
    assert(err == ERR_NONE || err == ERR_MALFORMED || err == ERR_FORBIDDEN);
    if (err == ERR_NONE)
        assert(text_is_id(sender.event) && text_is_id(sender.device));
    if (topic_rules_read(text, text, text, &rules, &note) != ERR_NONE)
        assert(note.place[0] != '\0' && note.detail[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void (*const TRIES[])(const char *) = {try_path, try_filter, try_order, try_topic};
    if (len == 0)
        return 0;
    char *text = mem_new(len);
    memcpy(text, bytes + 1, len - 1);
    text[len - 1] = '\0';
    TRIES[bytes[0] % COUNT_OF(TRIES)](text);
    mem_free(text);
    return 0;
}

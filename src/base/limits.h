// SPDX-License-Identifier: Apache-2.0
/* base/limits.h — every bound of Muster in one place, with the answer given when it is reached.
 * A limit that an operator may change is a setting; its default stands here. */
#pragma once

/* Identifiers: ^[a-z0-9][a-z0-9_-]*$, so that they fit in paths, topics and series names. 422. */
#define LIMIT_ID_LEN    64
#define LIMIT_NAME_LEN  200
#define LIMIT_EMAIL_LEN 254 /* RFC 5321 */

/* HTTP: 431, 413, 503. */
#define LIMIT_HTTP_CONNECTIONS 16384
/* Of one address, of one /64 in IPv6: a further one is closed unanswered. This machine and the trusted
 * proxies are not counted, nor are sockets that have become live clients. */
#define LIMIT_HTTP_ADDRESS_CONNECTIONS 2048
#define LIMIT_TRUSTED_PROXIES          32 /* networks; refused at start */
#define LIMIT_HTTP_HEADER_BYTES        (32 * 1024)
#define LIMIT_HTTP_BODY_BYTES          (256 * 1024)        /* routes may set their own */
#define LIMIT_HTTP_BODIES_BYTES        (512 * 1024 * 1024) /* all that are in memory; 503 */
/* Of them, of one token or person and of one address (one /64 in IPv6): 429 for that one only. This
 * machine's and the trusted proxies' own addresses are not counted. */
#define LIMIT_HTTP_SENDER_BODIES_BYTES  (64 * 1024 * 1024)
#define LIMIT_HTTP_ADDRESS_BODIES_BYTES (128 * 1024 * 1024)
#define LIMIT_INGEST_BODY_BYTES         (4 * 1024 * 1024)
#define LIMIT_JSON_DEPTH                32
#define LIMIT_WORKER_QUEUE_LEN          LIMIT_HTTP_CONNECTIONS /* a connection waits for one answer */

/* The writer and its streams: 503 with Retry-After. */
#define LIMIT_WRITER_QUEUE_LEN   65536
#define LIMIT_WRITER_QUEUE_BYTES (256 * 1024 * 1024)
#define LIMIT_COMMIT_COMMANDS    4096
#define LIMIT_RECORD_BYTES       (1024 * 1024)
/* Retention and expiry: removed by one command, and commands of one policy in a second. */
#define LIMIT_REMOVAL_ROWS   500
#define LIMIT_REMOVAL_SLICES 32
#define LIMIT_FOLLOW_RECORDS 8192 /* kept in memory for followers; who lags reads the table */
#define LIMIT_FOLLOW_BYTES   (64 * 1024 * 1024)

/* What processes on one PostgreSQL tell each other. A live value that is larger stays in its process,
 * counted; when more wait to be sent, the oldest go and the others look at the tables. */
#define LIMIT_ANNOUNCE_BYTES         (LIMIT_LIVE_MESSAGE_BYTES + 1024) /* with its topic */
#define LIMIT_ANNOUNCE_WAITING       1024
#define LIMIT_ANNOUNCE_WAITING_BYTES (64 * 1024 * 1024)

/* Live clients: the connection is closed with 1013 and a reason. */
#define LIMIT_LIVE_CLIENTS       16384
#define LIMIT_LIVE_TOPICS        64                /* per client */
#define LIMIT_LIVE_QUEUE_BYTES   (2 * 1024 * 1024) /* per client, of shared frames: two messages */
#define LIMIT_LIVE_MESSAGE_BYTES (1024 * 1024)
#define LIMIT_LIVE_COMMAND_BYTES (16 * 1024) /* of one message from a client; 1009 */
#define LIMIT_LIVE_TOPIC_LEN     256
#define LIMIT_LIVE_INBOX_BYTES   (64 * 1024 * 1024) /* published, not yet handed out; 1013 */

/* MQTT. Of messages that are written and acknowledged together: the rest waits at the broker. Of published
 * ones that the broker has not acknowledged: later ones wait, and the newest value of a topic wins. */
#define LIMIT_MQTT_BATCH          256
#define LIMIT_MQTT_BATCH_BYTES    (16 * 1024 * 1024)
#define LIMIT_MQTT_UNACKNOWLEDGED 4096
#define LIMIT_MQTT_GOODBYE_MS     1000
#define LIMIT_MQTT_SENDERS        64 /* words of --mqtt-event; refused at start */

/* Detections and readings, of one body: 413. */
#define LIMIT_BATCH_FRAMES   10000
#define LIMIT_FRAME_PERSONS  5000
#define LIMIT_BATCH_PERSONS  50000
#define LIMIT_BATCH_READINGS 10000
#define LIMIT_BATCH_LOOKS    2048 /* vectors of appearance; further ones are passed over */

/* A camera's frame further ahead of the server's clock is of a wrong clock: 422 for that frame, and the
 * device's health says by how much. Nothing that is taken in is left uncounted for its time. */
#define LIMIT_FRAME_AHEAD_MS 10000

/* The crowd's window of one venue: beyond, its oldest seconds are written before they are due and let go
 * of; a frame that comes later still corrects its second, through the store. */
#define LIMIT_CROWD_SECONDS      4096
#define LIMIT_CROWD_WINDOW_BYTES (256 * 1024 * 1024)
/* Of all venues that a process counts: beyond, the same for each that holds more than its even part. */
#define LIMIT_CROWD_WINDOWS_BYTES ((size_t)512 * 1024 * 1024)

/* Of one value of a sensor, so that every sum of them is finite too: 422. */
#define LIMIT_READING_VALUE 1e100

/* What a read adds from the stream behind history, of one shard: the answer says that it is incomplete. */
#define LIMIT_TAIL_RECORDS 262144
#define LIMIT_TAIL_BYTES   (64 * 1024 * 1024)

/* History. Of what waits to be merged, per shard: merged at once. Of persons of one device and window:
 * more are dropped, counted and logged. Of subjects set aside: the log may name one again. */
#define LIMIT_HISTORY_GATHER_BYTES   (16 * 1024 * 1024)
#define LIMIT_HISTORY_WINDOW_PERSONS 2000000
#define LIMIT_HISTORY_ASIDE_TOLD     256

/* Passwords are hashed 64 MiB at a time: 503. */
#define LIMIT_PASSWORD_HASHES 4
#define LIMIT_PASSWORD_LEN    256

/* Venues: 422. */
#define LIMIT_EVENT_VENUES          200
#define LIMIT_VENUE_ZONES           1000
#define LIMIT_VENUE_DEVICES         5000
#define LIMIT_VENUE_LINES           200
#define LIMIT_VENUE_WALLS           1000
#define LIMIT_POLYGON_POINTS        1000
#define LIMIT_WALL_RINGS            500
#define LIMIT_WALL_POINTS           4000 /* in all rings of one wall */
#define LIMIT_IMPORT_BYTES          (16 * 1024 * 1024)
#define LIMIT_IMPORT_UNPACKED_BYTES (64 * 1024 * 1024)
/* What the values of a file, and of an archive's files, take in memory. A plan of LIMIT_PLAN_BYTES that is nothing but
 * positions takes 160 MiB. */
#define LIMIT_IMPORT_TREE_BYTES  ((size_t)256 * 1024 * 1024)
#define LIMIT_IMPORT_TREES_BYTES ((size_t)512 * 1024 * 1024)
#define LIMIT_IMPORT_RATIO       100 /* unpacked to packed */
#define LIMIT_IMPORT_ENTRIES     200
#define LIMIT_IMPORT_POINTS      200000
#define LIMIT_IMPORT_PARTS       2000 /* zones, lines and walls of one file */
#define LIMIT_WKT_DEPTH          8
#define LIMIT_PLAN_BYTES         (4 * 1024 * 1024)
/* Of a floor with its obstacles; pieces of all zones in it: ERR_TOO_LARGE. */
#define LIMIT_WALKABLE_CORNERS 4000
#define LIMIT_FLOOR_FRAGMENTS  200000
/* Corners of the floor looked at for all zones of one answer, about half a second: whether the others leave it is
 * not told, which their trouble says. */
#define LIMIT_OUTLINE_STEPS 100000000

/* Trends: zones in memory of one process; more have no forecast, which is logged, until there is room. Counters
 * and lines of one zone that were heard: messages of more are not counted, which the occupancy's faults say. */
#define LIMIT_TREND_ZONES   4096
#define LIMIT_ZONE_COUNTERS 64

/* Pages of lists. */
#define LIMIT_PAGE_DEFAULT 100
#define LIMIT_PAGE_MAX     1000

/* Who asks, remembered for two seconds: the oldest makes room. */
#define LIMIT_PRINCIPALS_CACHED 16384
/* Failed sign-ins, remembered by account and address: the least offender makes room. */
#define LIMIT_SIGN_IN_OFFENDERS 8192

/* Evaluation of tracks, of one sequence: refused, to be split. */
#define LIMIT_EVALUATION_BYTES     ((size_t)2 << 30) /* of one file */
#define LIMIT_EVALUATION_POSITIONS 10000000
#define LIMIT_EVALUATION_FRAMES    10000000
#define LIMIT_EVALUATION_LIKENESSES                                                                \
    50000000                               /* times that a person and a track are near each other */
#define LIMIT_EVALUATION_ID_PAIRS 50000000 /* people times tracks */

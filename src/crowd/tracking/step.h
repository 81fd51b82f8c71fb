// SPDX-License-Identifier: Apache-2.0
/* crowd/tracking/step.h — who is taken for whom in one step: sightings of all frames are put into
 * clusters, each a known person or somebody new. See tracker.h for the idea. */
#pragma once
#include "base/assignment.h"
#include "crowd/tracking/floor.h"
#include "crowd/tracking/track.h"

#define STEP_NONE UINT32_MAX
/* Sightings of nobody (posters, dogs, reflections) per m² and frame: one on 500 m². */
#define STEP_STRAYS_PER_M2 0.002
/* Squared Mahalanobis distance beyond which a sighting is not of a person: 1 in 3,000 is missed. */
#define STEP_GATE2 16.0
/* Farther than this nothing is compared, metres. */
#define STEP_REACH_M 8.0
#define STEP_ROUNDS  4
/* So many within its gate a sighting is compared with: more than a dense crowd has within a vague sighting's
 * reach. Only where thousands are reported on one spot there are more; the first found are compared. */
#define STEP_NEAR_MAX 512
/* A camera's own number for a person is kept that much more often than not (log odds). */
#define STEP_SAME_NUMBER 3.0

struct step_frame {
    uint32_t device;
    struct sighting *sightings; /* in the step's pool */
    int64_t *source_tracks;
    uint32_t count;
};

struct step_part { /* a sighting of a cluster */
    uint32_t frame;
    uint32_t sighting;
};

struct step_look { /* a frame of a camera that looks at the cluster's place */
    uint32_t frame;
    double log_hit, log_miss; /* logs of the chances to see and not to see who is there */
    double miss;              /* log of the chance not to see, as far as this look is news */
    double news;              /* 0..1: how independent the look is of the camera's last one */
};

struct cluster {
    struct track *track; /* NULL = somebody new */
    bool is_renewed;
    struct evidence prior; /* of the track */
    struct evidence sum;   /* prior and parts */
    struct spot spot;      /* the same */
    double existed; /* of a track: log odds before the step, less what goes without being seen */
    struct step_part parts[FLOOR_CAMERAS_MAX];
    uint32_t part_count;
    struct step_look looks[FLOOR_CAMERAS_MAX];
    uint32_t look_count;
    uint32_t next;   /* in its bucket */
    uint32_t column; /* while a frame is assigned */
};

struct step {
    int64_t at_ms;
    double seconds;                 /* since the step before */
    double log_goes_on, log_renews; /* of the chances that a velocity stays, and is chosen anew */
    struct step_frame *frames;
    size_t frame_count, frame_size;
    struct sighting *sightings; /* the pool */
    int64_t *source_tracks;
    size_t sighting_count, sighting_size;
    uint32_t *frame_of_device; /* STEP_NONE = none */
    struct cluster *clusters, *spare;
    size_t cluster_count, cluster_size;
    uint32_t *buckets; /* of the floor's cells: first cluster */
    struct assignment *assignment;
    struct assignment_pair *pairs;
    size_t pair_count, pair_size;
    uint32_t *columns, *owners; /* of an assignment */
    size_t column_size;
    double reach_x, reach_y; /* of the vaguest cluster, metres */
    bool is_changed;
};

struct step_ground { /* what a step needs to know of the venue */
    struct floor *floor;
    struct camera_model *cameras;
    size_t camera_count;
};

void step_init(struct step *step, const struct step_ground *ground);
void step_fini(struct step *step);
/* Associates; the frames were set, the tracks predicted. Clusters hold the answer. */
void step_associate(struct step *step, const struct step_ground *ground, struct track **tracks,
                    size_t track_count);
/* Makes room and returns the new frame's sightings to be filled; count is set by the caller. */
struct step_frame *step_add_frame(struct step *step, uint32_t device, size_t box_count);
void step_clear(struct step *step);

static inline void cluster_set_sum(struct cluster *cluster, struct evidence sum)
{
    cluster->sum = sum;
    cluster->spot = evidence_spot(&cluster->sum);
}
/* Log of the chance that every camera that looks misses the person there, hidden or not. */
double cluster_missed(const struct cluster *cluster, const struct step *step);

/* Between the files of a step: room (step.c) ... */
void step_reserve_clusters(struct step *step, size_t needed);
void step_reserve_columns(struct step *step, size_t needed);
void step_add_pair(struct step *step, uint32_t row, uint32_t column, double gain);

/* ... clusters and their buckets (cluster.c) ... */
void cluster_begin(struct cluster *cluster);
void cluster_find_looks(struct cluster *cluster, const struct step *step,
                        const struct step_ground *ground, const struct spot *spot);
void cluster_set_prior(struct cluster *cluster, bool is_renewed);
bool cluster_has_part(const struct cluster *cluster, uint32_t frame);
const struct step_look *cluster_look(const struct cluster *cluster, uint32_t frame);
double cluster_number_gain(const struct cluster *cluster, uint32_t device, int64_t source_track);
struct cluster *step_add_track(struct step *step, const struct step_ground *ground,
                               struct track *track);
void step_add_newcomer(struct step *step, const struct step_ground *ground, uint32_t frame,
                       uint32_t sighting);
void step_remove_part(struct step *step, struct cluster *cluster, uint32_t frame);
void step_add_part(struct step *step, uint32_t index, uint32_t frame, uint32_t sighting);
size_t step_bucket(const struct step_ground *ground, const struct spot *spot);
void step_fill_bucket(struct step *step, const struct step_ground *ground, uint32_t index);
void step_fill_buckets(struct step *step, const struct step_ground *ground);

/* ... and the two moves (turn.c, regroup.c). In the first round only frames that had their turn are
 * missed by a cluster. */
void step_take_turn(struct step *step, const struct step_ground *ground, uint32_t frame,
                    bool is_first_round);
void step_regroup(struct step *step, const struct step_ground *ground);

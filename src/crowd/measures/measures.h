// SPDX-License-Identifier: Apache-2.0
/* crowd/measures/measures.h — what a crowd is told by: density, speed, flow, stops, trend and level of
 * service of each zone. Pure: the people of each moment in, figures out; no clock, no store. Every moment
 * has all people of the venue, from all its trackers.
 *
 *   people ── who stands in which zone, each one's Voronoi cell ──> density, specific flow
 *          ── what each did since the moment before ──> stopped share ──> stop-and-go waves
 *   density and flow over a minute ──> trend, past the critical point or not
 *
 * A zone that no camera sees has figures too, of nobody: whoever knows that it is not seen tells nothing
 * of it, and forgets its past (measures_forget). */
#pragma once
#include "crowd/measures/density.h"
#include "crowd/measures/service.h"
#include "crowd/measures/speed.h"
#include "crowd/measures/trend.h"
#include "crowd/measures/waves.h"

struct measures_scope {
    const struct crowd_map *map; /* its zones; borrowed for the life of the measures */
    /* Of trapezoids.h; borrowed for the call. Without any, the floor is what the venue's walls leave, and
     * where they are more than the limits allow, the bounds of its plan and zones. */
    const struct ring *floor;
    size_t floor_ring_count;
    struct cells_cut_off cut_off; /* zero: none */
};

struct zone_measures {
    struct density density;
    struct speed speed;
    bool has_waves;
    enum trend_kind trend;
    enum service walking; /* by density */
    enum service
        flowing; /* by specific flow; a crowd that hardly moves has little: see `walking` */
    enum service standing; /* by density, for who waits or watches */
};

struct measures;
/* ERR_INVALID for a floor without extent; ERR_TOO_LARGE for a floor or zone of too many
 * corners. The caller owns *out_measures. */
MUST_USE enum err measures_create(const struct measures_scope *scope,
                                  struct measures **out_measures);
void measures_destroy(struct measures *measures); /* NULL is fine */
DEFINE_SCOPED(measures)

/* Later than the moment before; ids are not 0 and each there once. */
void measures_step(struct measures *measures, int64_t at_ms, const struct tracker_person *people,
                   size_t count);

/* Of the last moment, in the order of the view. Borrowed until the next. */
const struct zone_measures *measures_zones(const struct measures *measures, size_t *out_count);
/* False when the walls were more than the limits allow, and were left out. */
bool measures_have_walls(const struct measures *measures);
/* What can be walked on of each zone; 0 where there is no floor. Borrowed for the life of the measures. */
const double *measures_areas(const struct measures *measures, size_t *out_count);
/* How many stood nowhere on the floor. */
size_t measures_off_floor(const struct measures *measures);
/* The cells of the last moment, by person. Borrowed until the next. */
const struct cell *measures_cells(const struct measures *measures, size_t *out_count);
/* The zone's trend and waves begin anew. */
void measures_forget(struct measures *measures, size_t zone);

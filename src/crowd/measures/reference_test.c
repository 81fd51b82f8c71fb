// SPDX-License-Identifier: Apache-2.0
/* The measures beside published results: JPSreport's of one bottleneck experiment (PedPy's own reference
 * test), and the flows through exits of known width of the HERMES experiments. */
#include "base/test.h"
#include "crowd/builders.h"
#include "crowd/measures/lines.h"
#include "crowd/measures/measures.h"

#include <math.h>

#define FRAMES_MAX 2000
#define FRAME_ROOM 320
#define BOTTLENECK "trajectories/jpsreport_bottleneck.tar.xz"
#define RESULTS    "bottleneck/results/Fundamental_Diagram/"
#define FPS        16

static const char *const NOBODY[] = {NULL};

/* Everybody's places, frame by frame. */
struct recording {
    size_t frame_count;
    size_t counts[FRAMES_MAX];
    struct tracker_person people[FRAMES_MAX][FRAME_ROOM];
};

static FILE *open_command(const char *command)
{
    FILE *lines = popen(command, "r");
    assert(lines != NULL);
    return lines;
}

/* A file of the bottleneck's archive. */
static FILE *open_bottleneck(const char *member)
{
    char command[8192];
    (void)snprintf(command, sizeof command, "tar xJOf '%s' %s", test_data(BOTTLENECK), member);
    return open_command(command);
}

static struct recording *read_recording(FILE *lines, double metres)
{
    struct recording *recording = mem_new(sizeof *recording);
    char line[256];
    while (fgets(line, sizeof line, lines) != NULL) {
        unsigned id, frame;
        double x, y;
        if (line[0] == '#' || sscanf(line, "%u %u %lf %lf", &id, &frame, &x, &y) != 4)
            continue;
        assert(frame < FRAMES_MAX && recording->counts[frame] < FRAME_ROOM);
        recording->people[frame][recording->counts[frame]++] =
            (struct tracker_person){.id = id, .x = x * metres, .y = y * metres};
        recording->frame_count = MAX(recording->frame_count, frame + 1);
    }
    CHECK_INT(pclose(lines), 0);
    CHECK(recording->frame_count > 0);
    return recording;
}

static const struct tracker_person *person_at(const struct recording *recording, size_t frame,
                                              uint64_t id)
{
    for (size_t i = 0; frame < recording->frame_count && i < recording->counts[frame]; i++) {
        if (recording->people[frame][i].id == id)
            return &recording->people[frame][i];
    }
    return NULL;
}

/* As the reference has it: over five frames either way, or as many as both ends have. */
static void give_velocities(struct recording *recording)
{
    for (size_t f = 0; f < recording->frame_count; f++) {
        for (size_t i = 0; i < recording->counts[f]; i++) {
            struct tracker_person *person = &recording->people[f][i];
            const struct tracker_person *before = NULL, *after = NULL;
            size_t step = 5;
            for (; step > 0; step--) {
                before = f >= step ? person_at(recording, f - step, person->id) : NULL;
                after = person_at(recording, f + step, person->id);
                if (before != NULL && after != NULL)
                    break;
            }
            if (step == 0)
                continue;
            person->vx = (after->x - before->x) * FPS / (2.0 * (double)step);
            person->vy = (after->y - before->y) * FPS / (2.0 * (double)step);
        }
    }
}

static struct recording *read_bottleneck(void)
{
    struct recording *recording = read_recording(open_bottleneck("bottleneck/traj.txt"), 1);
    give_velocities(recording);
    return recording;
}

/* Its hall and its measuring area, geo.xml and ini.xml. */
static struct measures *bottleneck_measures(struct cells_cut_off cut_off)
{
    static const struct point HALL[] = {
        {4.00, 6.25},  {4.00, 0.53},   {2.40, 0.53},   {2.40, -0.53}, {4.00, -0.53}, {4.00, -8.5},
        {-2.25, -8.5}, {-2.25, -0.53}, {-0.60, -0.53}, {-0.60, 0.53}, {-2.25, 0.53}, {-2.25, 6.25}};
    static const struct zone_box AREA[] = {{"bottleneck", -0.60, -0.53, 2.40, 0.53}};
    struct venue_view *view = build_view(AREA, 1, NOBODY);
    static struct crowd_map *map;
    crowd_map_destroy(map); /* of the test before */
    map = crowd_map_create(view);
    shared_unref(&view->shared);
    const struct ring floor = {HALL, COUNT_OF(HALL), RING_FLOOR};
    struct measures *measures = NULL;
    const struct measures_scope scope = {map, &floor, 1, cut_off};
    CHECK(measures_create(&scope, &measures) == ERR_NONE);
    return measures;
}

struct reference { /* [frame]; NAN = the reference has nothing */
    double value[FRAMES_MAX], speed[FRAMES_MAX];
};

static struct reference *read_reference(const char *member)
{
    struct reference *reference = mem_new(sizeof *reference);
    for (size_t f = 0; f < FRAMES_MAX; f++)
        reference->value[f] = reference->speed[f] = NAN;
    FILE *lines = open_bottleneck(member);
    char line[256];
    while (fgets(line, sizeof line, lines) != NULL) {
        unsigned frame;
        double value, speed;
        if (line[0] != '#' && sscanf(line, "%u %lf %lf", &frame, &value, &speed) == 3 &&
            frame < FRAMES_MAX) {
            reference->value[frame] = value;
            reference->speed[frame] = speed;
        }
    }
    CHECK_INT(pclose(lines), 0);
    return reference;
}

struct agreement {
    size_t frames, equal; /* within a thousandth */
    size_t near;          /* within a hundredth of the value, or equal: the reference is rounded */
    double worst;
};

static void compare(struct agreement *agreement, double value, double expected)
{
    if (isnan(expected))
        return;
    double off = fabs(value - expected);
    agreement->frames++;
    agreement->equal += off <= 0.001;
    agreement->near += off <= 0.01 * expected || off <= 0.001;
    agreement->worst = MAX(agreement->worst, off);
}

static void print_agreement(const char *name, const struct agreement *agreement)
{
    print_message("# %s: %zu frames, %zu equal to 0.001, %zu within 1 %%, worst difference %.4f\n",
                  name, agreement->frames, agreement->equal, agreement->near, agreement->worst);
}

TEST(classic_density_and_speed_are_those_of_jpsreport)
{
    struct agreement density = {0}, speed = {0};
    struct recording *recording = read_bottleneck();
    struct reference *reference =
        read_reference(RESULTS "Classical_Voronoi/rho_v_Classic_traj.txt_id_1.dat");
    SCOPED(measures) measures = bottleneck_measures((struct cells_cut_off){0});
    for (size_t f = 0; f < recording->frame_count; f++) {
        size_t zones;
        measures_step(measures, (int64_t)f * 1000 / FPS, recording->people[f],
                      recording->counts[f]);
        const struct zone_measures *zone = measures_zones(measures, &zones);
        compare(&density, zone->density.classic_per_m2, reference->value[f]);
        compare(&speed, zone->speed.mean_m_s, reference->speed[f]);
    }
    print_agreement("classic density", &density);
    print_agreement("mean speed", &speed);
    CHECK_INT(density.frames, 959);
    CHECK(density.equal >= 958);
    CHECK(speed.near >= 949);
    mem_free(reference);
    mem_free(recording);
}

/* Of the moments of at least so many people. */
static struct agreement compare_voronoi(const char *member, struct cells_cut_off cut_off,
                                        size_t people_min)
{
    struct agreement density = {0};
    struct recording *recording = read_bottleneck();
    struct reference *reference = read_reference(member);
    SCOPED(measures) measures = bottleneck_measures(cut_off);
    for (size_t f = 0; f < recording->frame_count; f++) {
        size_t zones;
        measures_step(measures, (int64_t)f * 1000 / FPS, recording->people[f],
                      recording->counts[f]);
        if (recording->counts[f] >= people_min)
            compare(&density, measures_zones(measures, &zones)->density.per_m2,
                    reference->value[f]);
    }
    print_agreement(strrchr(member, '/') + 1, &density);
    mem_free(reference);
    mem_free(recording);
    return density;
}

TEST(voronoi_density_is_that_of_jpsreport)
{
    struct agreement density =
        compare_voronoi(RESULTS "Classical_Voronoi/rho_v_Voronoi_Voronoi_traj.txt_id_1.dat",
                        (struct cells_cut_off){0}, 0);
    CHECK_INT(density.frames, 931);
    CHECK(density.near * 100 >= density.frames * 99);
}

/* With "blind points", stand-ins around the floor, JPSreport tells of every moment; of one or two people
 * its cells end at the stand-ins (one person: 50 of the 88 m² of the floor), ours at the walls. */
TEST(voronoi_density_is_that_of_jpsreport_with_blind_points)
{
    struct agreement density = compare_voronoi(
        RESULTS "Classical_Voronoi/rho_v_Voronoi_Voronoi_traj.txt_id_1_blind_points.dat",
        (struct cells_cut_off){0}, 3);
    CHECK_INT(density.frames, 938);
    CHECK(density.near * 100 >= density.frames * 99);
}

TEST(voronoi_density_with_a_cut_off_is_that_of_jpsreport)
{
    struct agreement density = compare_voronoi(
        RESULTS "Classical_Voronoi/rho_v_Voronoi_Voronoi_traj.txt_id_1_blind_points_cut_off.dat",
        (struct cells_cut_off){.radius_m = 0.8, .corners = 12}, 0);
    CHECK_INT(density.frames, 959);
    CHECK(density.near * 100 >= density.frames * 99);
}

struct watch { /* of one line */
    struct strides *strides;
    struct lines *lines;
};

static struct watch watch_line(struct point a, struct point b)
{
    struct watch watch = {.strides = strides_create()};
    struct point points[] = {a, b};
    const struct venue_line line = {.points = points, .point_count = 2};
    CHECK(lines_create(&line, 1, &watch.lines) == ERR_NONE);
    return watch;
}

static void watch_fini(struct watch *watch)
{
    strides_destroy(watch->strides);
    lines_destroy(watch->lines);
}

/* Who has crossed to the right so far, less who has come back. */
static int64_t watch_frame(struct watch *watch, const struct recording *recording, size_t frame)
{
    size_t count;
    int64_t at_ms = (int64_t)frame * 1000 / FPS;
    strides_step(watch->strides, at_ms, recording->people[frame], recording->counts[frame]);
    const struct stride *made = strides_peek(watch->strides, &count);
    lines_step(watch->lines, at_ms, made, count);
    struct line_counts counts = lines_counts(watch->lines, 0);
    return (int64_t)counts.crossed[LINE_TO_RIGHT] - (int64_t)counts.crossed[LINE_TO_LEFT];
}

TEST(crossings_are_those_of_jpsreport_to_one_person)
{
    struct recording *recording = read_bottleneck();
    struct watch watch = watch_line((struct point){-2.25, 0.5}, (struct point){4.00, 0.5});
    FILE *lines = open_bottleneck(RESULTS "FlowVelocity/Flow_NT_traj_AO_300.txt_id_4.dat");
    char line[256];
    size_t frames = 0, equal = 0;
    int64_t worst = 0;
    while (fgets(line, sizeof line, lines) != NULL) {
        unsigned frame;
        double time_s;
        int expected;
        if (line[0] == '#' || sscanf(line, "%u %lf %d", &frame, &time_s, &expected) != 3)
            continue;
        CHECK_INT(frame, frames);
        int64_t off = -watch_frame(&watch, recording, frame) - expected;
        equal += off == 0;
        worst = MAX(worst, off < 0 ? -off : off);
        frames++;
    }
    CHECK_INT(pclose(lines), 0);
    print_message("# N(t): %zu frames, %zu equal, worst difference %lld\n", frames, equal,
                  (long long)worst);
    CHECK_INT(frames, 959);
    CHECK(worst <= 1);
    watch_fini(&watch);
    mem_free(recording);
}

/* Persons a metre and minute over the middle 80 % of the crossings of y = -4 m, downwards. */
static double exit_flow(const char *file, double width_m)
{
    static int64_t crossed_ms[1000];
    size_t crossed = 0;
    char command[4200];
    (void)snprintf(command, sizeof command, "xzcat '%s'", test_data(file));
    struct recording *recording = read_recording(open_command(command), 0.01);
    struct watch watch = watch_line((struct point){-10, -4}, (struct point){10, -4});
    for (size_t f = 0; f < recording->frame_count; f++) {
        int64_t net = watch_frame(&watch, recording, f);
        while ((int64_t)crossed < net)
            crossed_ms[crossed++] = (int64_t)f * 1000 / FPS;
    }
    watch_fini(&watch);
    mem_free(recording);
    size_t first = crossed / 10, last = crossed - crossed / 10 - 1;
    return (double)(last - first) * 60000 / (double)(crossed_ms[last] - crossed_ms[first]) /
           width_m;
}

static void check_exit(const char *file, double width_m, double expected)
{
    double flow = exit_flow(file, width_m);
    print_message("# %s: %.1f persons/min/m, published data say %.1f\n", file, flow, expected);
    CHECK_NEAR(flow, expected, 0.02 * expected);
}

TEST(flows_through_exits_are_those_of_the_experiments)
{
    check_exit("trajectories/uo-180-180-070.txt.xz", 0.7, 139.0);
    check_exit("trajectories/uo-180-180-180.txt.xz", 1.8, 94.9);
    check_exit("trajectories/hermes_uo-240-240-130.txt.xz", 1.3, 125.7);
}

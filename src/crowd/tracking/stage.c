// SPDX-License-Identifier: Apache-2.0
#include "crowd/tracking/stage.h"

struct venue_view *stage_view(const struct camera *cameras, size_t count, struct point low,
                              struct point high)
{
    const struct zone_box zone = {"floor", low.x, low.y, high.x, high.y};
    SCOPED_MEM const char **ids = mem_new_array(count + 1, sizeof *ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = cameras[i].id;
    struct venue_view *view = build_view(&zone, 1, ids);
    view->has_bounds = true;
    view->bounds_min = low;
    view->bounds_max = high;
    for (size_t i = 0; i < count; i++) {
        struct device *device = &view->devices[i];
        device->kind = DEVICE_CAMERA;
        device->image_width_px = CAMERA_WIDTH_PX;
        device->image_height_px = CAMERA_HEIGHT_PX;
        device->calibration.kind = CALIBRATION_HOMOGRAPHY;
        camera_pixel_to_floor(&cameras[i], device->calibration.pixel_to_floor);
        /* The sign by which places in front of the camera have a positive third coordinate. */
        struct point place;
        struct point foot = {CAMERA_WIDTH_PX / 2.0, CAMERA_HEIGHT_PX - 1};
        if (!calibration_to_floor(&device->calibration, foot, &place)) {
            for (int k = 0; k < 9; k++)
                device->calibration.pixel_to_floor[k] *= -1;
        }
    }
    return view;
}

struct intake_frame stage_see(const struct camera *camera, uint32_t device,
                              const struct walker *walkers, size_t count,
                              const struct stage_noise *noise, struct random_sequence *chance)
{
    SCOPED_MEM struct observation *seen = mem_new_array(count + 1, sizeof *seen);
    size_t boxes = camera_see(camera, walkers, count, noise->miss, chance, seen, count);
    struct intake_frame frame = {.device = device, .box_count = boxes};
    frame.boxes = mem_new_array(boxes + 1, sizeof *frame.boxes);
    frame.source_tracks = mem_new_array(boxes + 1, sizeof *frame.source_tracks);
    for (size_t i = 0; i < boxes; i++) {
        double dx = noise->share * seen[i].w * random_normal(chance);
        double dy = noise->share * seen[i].h * random_normal(chance);
        frame.boxes[i] = (struct box){.foot_x = seen[i].x + seen[i].w / 2 + dx,
                                      .foot_y = seen[i].y + seen[i].h + dy,
                                      .width = seen[i].w,
                                      .height = seen[i].h};
        frame.source_tracks[i] = seen[i].track;
    }
    return frame;
}

void stage_frame_fini(struct intake_frame *frame)
{
    mem_free(frame->boxes);
    mem_free(frame->source_tracks);
}

void stage_open(struct stage *stage, const struct camera *cameras, size_t count, struct point high)
{
    uint32_t devices[16];
    assert(count <= COUNT_OF(devices));
    *stage = (struct stage){.cameras = cameras,
                            .camera_count = count,
                            .noise = {.share = 0.02},
                            .chance = {.state = 5},
                            .next_id = 1,
                            .at_ms = 1000000};
    for (uint32_t i = 0; i < count; i++)
        devices[i] = i;
    stage->view = stage_view(cameras, count, (struct point){0, 0}, high);
    stage->tracker = tracker_create(&(struct tracker_scope){.view = stage->view,
                                                            .devices = devices,
                                                            .device_count = count,
                                                            .high = high,
                                                            .next_id = &stage->next_id});
}

void stage_close(struct stage *stage)
{
    tracker_destroy(stage->tracker);
    shared_unref(&stage->view->shared);
}

void stage_step(struct stage *stage, const struct walker *walkers, size_t count)
{
    struct intake_frame seen[16];
    struct tracker_frame frames[16];
    stage->at_ms += 100;
    for (uint32_t i = 0; i < stage->camera_count; i++) {
        seen[i] = stage_see(&stage->cameras[i], i, walkers, count, &stage->noise, &stage->chance);
        frames[i] = (struct tracker_frame){
            .device = i, .boxes = seen[i].boxes, .box_count = seen[i].box_count};
        if (stage->has_numbers)
            frames[i].source_tracks = seen[i].source_tracks;
    }
    tracker_step(stage->tracker, stage->at_ms, frames, stage->camera_count);
    for (size_t i = 0; i < stage->camera_count; i++)
        stage_frame_fini(&seen[i]);
}

const struct tracker_person *stage_person(const struct stage *stage, double x, double y)
{
    size_t count = 0;
    const struct tracker_person *people = tracker_people(stage->tracker, &count), *best = NULL;
    double nearest = 1;
    for (size_t i = 0; i < count; i++) {
        double distance = hypot(people[i].x - x, people[i].y - y);
        if (distance < nearest) {
            nearest = distance;
            best = &people[i];
        }
    }
    return best;
}

size_t stage_count(const struct stage *stage)
{
    size_t count = 0;
    (void)tracker_people(stage->tracker, &count);
    return count;
}

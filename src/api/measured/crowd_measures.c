// SPDX-License-Identifier: Apache-2.0
#include "api/measured/crowd_measures.h"

static const struct {
    const char *name, *method, *uncertainty;
} MEASURES[] = {
    {"density",
     "people in the zone over what can be walked on of it: the venue's walls, or area_m2 as it was "
     "set",
     "one person is 1 / area: below 4 m² it jumps, and the level is that of density_voronoi where "
     "known"},
    {"level", "density against the zone's thresholds; in a zone of less than 4 m² density_voronoi",
     "as the density's; thresholds are the organiser's, science has no one number"},
    {"density_voronoi",
     "Voronoi cells within the walkable floor: each person's share of the zone over their cell "
     "(Steffen and Seyfried 2010)",
     "within 1 % of JPSreport in 99 % of frames on given places; on followed ones as good as "
     "these: a person "
     "missed is their share missed"},
    {"speed", "mean of the speeds of the people in the zone",
     "about 0.1 m/s a person on followed places; of few people an average of few"},
    {"specific_flow",
     "density times speed over the Voronoi cells, persons a metre and second, whatever the "
     "direction",
     "the product of both errors; at a narrow passage count a line instead"},
    {"walking", "Fruin's levels of service for walkways, A to F, by density_voronoi",
     "borders of 1971 for commuters: an event's crowd accepts more"},
    {"standing", "Fruin's levels of service for queues, A to F, by density_voronoi",
     "as for walking"},
    {"trend",
     "density and flow of the last minute against each other: rising, falling, past critical when "
     "density rises while flow falls",
     "needs half a minute; short surges do not show"},
    {"has_waves", "who walked and has stopped, in waves: stop and go within the last minute",
     "needs people who were seen to walk; an audience that stands has no waves"},
};

void crowd_measures_add(struct text *out)
{
    text_add_char(out, '{');
    for (size_t i = 0; i < COUNT_OF(MEASURES); i++)
        text_addf(out, "%s\"%s\":{\"method\":\"%s\",\"uncertainty\":\"%s\"}", i == 0 ? "" : ",",
                  MEASURES[i].name, MEASURES[i].method, MEASURES[i].uncertainty);
    text_add_char(out, '}');
}

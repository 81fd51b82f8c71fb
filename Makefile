# Thin verbs over Meson.
BUILD ?= build
.PHONY: all
all:
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD)
	@ninja -C $(BUILD)

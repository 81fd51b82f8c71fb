# Thin verbs over Meson. `make` only builds; the verbs that promise to work on an empty Debian 12
# (demo, test, bench, check, asan, tsan, fuzz) first install what is missing.
BUILD        ?= build
PREFIX       ?= /usr/local
DESTDIR      ?=
FUZZ_SECONDS ?= 60
export FUZZ_SECONDS

.PHONY: all demo test bench asan tsan fuzz fmt check install clean install-build install-test \
        install-bench install-check

all:
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD)
	@ninja -C $(BUILD)

demo: install-build
	@$(MAKE) --no-print-directory all
	@$(BUILD)/muster demo $(ARGS)

test: install-test
	@$(MAKE) --no-print-directory all
	@scripts/test $(BUILD) $(ARGS)

bench: install-bench
	@$(MAKE) --no-print-directory all
	@scripts/bench $(BUILD) $(ARGS)

# Everything once more with the sanitizers: unit tests, scenarios, fuzz regressions. SLOWNESS stretches
# deadlines and start times. Tests of killed processes fork, which TSan has to be told is meant.
asan: install-check
	@scripts/build-with $(BUILD)-asan clang -Db_sanitize=address,undefined
	@SLOWNESS=4 ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		scripts/test $(BUILD)-asan --without-browser $(ARGS)

tsan: install-check
	@scripts/build-with $(BUILD)-tsan clang -Db_sanitize=thread
	@SLOWNESS=8 TSAN_OPTIONS=die_after_fork=0 scripts/test $(BUILD)-tsan --without-browser $(ARGS)

fuzz: install-check
	@scripts/build-with $(BUILD)-fuzz clang -Dfuzz=true -Db_sanitize=address,undefined
	@scripts/fuzz $(BUILD)-fuzz $(ARGS)

fmt:
	@git ls-files '*.c' '*.h' | xargs -r clang-format -i

check: install-check
	@scripts/check $(BUILD)

install: all
	@scripts/install-files $(BUILD) "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz $(BUILD)-check-gcc $(BUILD)-check-clang

install-build:
	@scripts/install build
install-test:
	@scripts/install build test
install-bench:
	@scripts/install build test bench
install-check:
	@scripts/install build test check

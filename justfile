# What a developer does all day. `just` lists it.
default:
    @just --list

# the program, static and stripped
build:
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/sysg ./cmd/sysg

# the tests
test:
    go test ./...

# what CI runs
ci:
    .ci/run

# format, vet, lint
check:
    gofumpt -l -w .
    go vet ./...
    golangci-lint run ./...

# generated files: the state table, the manifest's schema, golden pictures
generate:
    go test ./supervisor/unit ./config ./cmd/... -update

# speed and size, each beside its floor
bench: build
    go run ./cmd/bench -sysg bin/sysg

# what the dashboard promises: start, keys, bytes, CPU, memory, each beside its limit
bench-tui: build
    go run ./cmd/bench-tui -sysg bin/sysg

# the pictures of docs/dashboard.md, from a real run (tmux, rsvg-convert)
shots: build
    go run ./cmd/shots -sysg bin/sysg

# 20 rollouts under load, twice: the table for docs/performance.md
zero-downtime:
    SYSG_ZERO_FULL=1 SYSG_TEST_REQUIRE=all go test -count=1 -v ./examples/zero-downtime

# deaths of supervisor and guardian under load: the table for docs/reliability.md
torture *flags: build
    go run ./cmd/torture -sysg bin/sysg {{flags}}

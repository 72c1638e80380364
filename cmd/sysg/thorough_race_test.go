//go:build race

package main

// raced is whether the tests run with the race detector.
const raced = true

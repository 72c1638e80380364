// Package tui is the dashboard.
package tui

// Package calendar says when a cron expression is due. It reads no clock:
// Parse makes a Schedule, and Schedule.Next answers with the first due time
// after a moment it is given.
//
// # Expressions
//
// Six fields are second, minute, hour, day of the month, month and weekday;
// five are the last five, at second 0. A field is a list of values, ranges
// and steps: 5, 1-5, */15, 10-50/20, MON-FRI. Weekdays are 0 to 7, where both 0 and 7
// are Sunday. A range may wrap: 22-2 is 22, 23, 0, 1, 2. The descriptors are
// @yearly (@annually), @monthly, @weekly, @daily (@midnight), @hourly and
// "@every 90s".
//
// "@every D" is due at every whole multiple of D since 1970-01-01 00:00:00
// UTC, whatever the time zone. So its due times are a fixed set like those of
// any other expression, and a restart neither shifts nor repeats them.
//
// # Day and weekday
//
// As in classic cron, where the day of the month and the weekday are both
// restricted, either is enough: "0 0 13 * FRI" is due on every 13th and on
// every Friday. A field that begins with * or ? is not a restriction, also
// with a step: "0 0 */2 * MON" is due on Mondays that have an odd date.
//
// # When the clocks change
//
// The wall clock of a zone can leave out a stretch of time, and it can show
// one twice. Two rules cover both, whatever the length of the stretch and
// wherever in the day it lies:
//
//   - A due time in a stretch that is left out is made up for in the moment
//     after it; several are made up for once. In Europe/Berlin "30 2 * * *"
//     runs at 03:00 on the last Sunday in March, and a job of 30 December in
//     Pacific/Apia ran on 31 December 2011 at 00:00, because that year had
//     no 30 December there.
//   - A due time in a stretch that is shown twice is due when it is shown
//     first.
//
// A job that goes on all the time is an exception, for what counts then is
// the time between two runs:
//
//   - A minute field that begins with *, or hours that are all 24, run in
//     both showings. "*/15 * * * *" and "30 * * * *" never pause for an hour.
//   - An expression with all 24 hours is not made up for when whole hours are
//     left out, and never when its minute field begins with *: "30 * * * *"
//     goes from 01:30 to 03:30, which are an hour apart.
//
// Schedules are values, safe to copy and to use at once from anywhere.
package calendar

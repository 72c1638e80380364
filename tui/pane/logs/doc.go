// Package logs is a pane of log lines: what units wrote, following or at rest,
// filtered, searched, wrapped, copied.
//
// # Where one is
//
// A line has a number that never changes (Line.Seq), also when older lines are
// put in front or the oldest let go. Following, the pane shows its newest lines.
// At rest it shows those from a number on, so nothing that arrives moves the
// text somebody reads.
//
// A pane has a window of the log, not the log: some 10,000 lines. While it rests
// and the window is full, newer lines are only counted. Moving beyond the
// window's ends asks for more (Older, Newer), its beginning (Oldest) and its end
// (Reopen) for another window; the answer comes to Before, Behind or Replace.
//
// # What it costs
//
// Only rows that can be seen are cut, wrapped and searched. A filter is looked
// up once per line, when it is set and when the line arrives.
package logs

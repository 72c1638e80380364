package widget

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var nan = math.NaN()

func TestSpark(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		w      int
		top    float64
		want   string
		ascii  string
	}{
		{name: "every level", values: []float64{0, 12, 25, 37, 50, 62, 75, 99}, w: 8, top: 100, want: "▁▂▃▄▅▆▇█", ascii: "_.:-=+*#"},
		{name: "a gap is not a zero", values: []float64{1, nan, 0, 2}, w: 4, top: 2, want: "▅·▁█", ascii: "= _#"},
		{name: "the newest on the right", values: []float64{2}, w: 4, top: 2, want: "···█", ascii: "   #"},
		{name: "the newest of too many", values: []float64{9, 9, 0, 9}, w: 2, top: 9, want: "▁█", ascii: "_#"},
		{name: "hardly anything is not nothing", values: []float64{0, 0.01}, w: 2, top: 100, want: "▁▂", ascii: "_."},
		{name: "by its own maximum", values: []float64{1, 2, 4}, w: 3, want: "▃▅█", ascii: ":=#"},
		{name: "nothing but zeros", values: []float64{0, 0}, w: 2, want: "▁▁", ascii: "__"},
		{name: "beyond the top", values: []float64{300, math.Inf(1), -1}, w: 3, top: 100, want: "██▁", ascii: "##_"},
		{name: "no room", values: []float64{1}, w: 0},
	} {
		if got := Spark(c.values, c.w, c.top, false); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if got := Spark(c.values, c.w, c.top, true); got != c.ascii {
			t.Errorf("%s in ASCII: %q, want %q", c.name, got, c.ascii)
		}
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, total, w int
		want           string
	}{
		{done: 2, total: 3, w: 14, want: "[████████░░░░]"},
		{done: 3, total: 3, w: 6, want: "[████]"},
		{done: 999, total: 1000, w: 6, want: "[███░]"},
		{done: 5, total: 3, w: 4, want: "[██]"},
		{done: 1, total: 0, w: 4, want: "[░░]"},
		{done: 1, total: 1, w: 2, want: "  "},
	} {
		if got := Bar(c.done, c.total, c.w, false); got != c.want {
			t.Errorf("%d of %d in %d: %q, want %q", c.done, c.total, c.w, got, c.want)
		}
	}
	if got := Bar(1, 2, 10, true); got != "[####....]" {
		t.Errorf("in ASCII: %q", got)
	}
}

func TestChart(t *testing.T) {
	ramp := []float64{0, 10, 20, 30, nan, nan, 30, 20, 10, 0}
	for _, c := range []struct {
		name string
		w, h int
		o    ChartOptions
		want []string
	}{
		{
			name: "with axis and foot", w: 16, h: 4, o: ChartOptions{Top: 30, From: "-15m", To: "now"},
			want: []string{
				"30┤   ⡠⠋   ⠉⢆   ",
				"  ┤ ⢀⠜       ⠱⡀ ",
				" 0┤⡠⠃         ⠈⢆",
				"   -15m      now",
			},
		},
		{
			name: "in ASCII", w: 13, h: 4, o: ChartOptions{Top: 30, ASCII: true},
			want: []string{
				"30|   *  *   ",
				"  |  *    *  ",
				"  | *      * ",
				" 0|*        *",
			},
		},
		{name: "hardly any room", w: 3, h: 1, o: ChartOptions{Top: 30}, want: nil},
	} {
		got := Chart(ramp, c.w, c.h, c.o)
		if c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// A chart fills exactly the room it is given.
func TestChartsHaveTheirSize(t *testing.T) {
	series := [][]float64{nil, {nan}, {1}, {1, 2, 3, nan, 5}, make([]float64, 1000)}
	for _, values := range series {
		for w := range 40 {
			for h := range 8 {
				for _, ascii := range []bool{false, true} {
					rows := Chart(values, w, h, ChartOptions{From: "-15m", To: "now", ASCII: ascii})
					if w > 0 && len(rows) != h {
						t.Fatalf("%dx%d: %d rows", w, h, len(rows))
					}
					for _, row := range rows {
						if Width(row) != w {
							t.Fatalf("%dx%d: %q has %d columns", w, h, row, Width(row))
						}
						if ascii && !printable(row) {
							t.Fatalf("%dx%d: %q is not ASCII", w, h, row)
						}
					}
				}
			}
		}
	}
}

func TestRoundUp(t *testing.T) {
	for in, want := range map[float64]float64{0: 1, 0.3: 0.5, 1: 1, 31: 50, 240: 250, 1e6: 1e6, -1: 1, math.Inf(1): 1} {
		if got := RoundUp(in); got != want {
			t.Errorf("%v: %v, want %v", in, got, want)
		}
	}
}

func TestResampleKeepsPeaks(t *testing.T) {
	if got := Resample([]float64{0, 9, 0, 0, nan, 1}, 3); !slices.Equal(got, []float64{9, 0, 1}) {
		t.Errorf("got %v", got)
	}
	if got := Resample([]float64{1, 2}, 4); !slices.Equal(got, []float64{1, 1, 2, 2}) {
		t.Errorf("stretched: %v", got)
	}
}

func TestFigures(t *testing.T) {
	for in, want := range map[uint64]string{0: "0B", 512: "512B", 1024: "1.0K", 182 << 20: "182M", 1900 << 20: "1.9G", 1048500: "1.0M", 10230 << 10: "10M", 1 << 63: "8.0E"} {
		if got := Bytes(in); got != want {
			t.Errorf("%d bytes: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[time.Duration]string{
		-1: "0s", 350 * time.Millisecond: "350ms", 12 * time.Second: "12s", 59600 * time.Millisecond: "1m00s", 72 * time.Second: "1m12s",
		41 * time.Minute: "41m", 12*time.Hour + 38*time.Minute: "12h38m", 76 * time.Hour: "3d04h", 2880 * time.Hour: "120d",
	} {
		if got := Duration(in); got != want {
			t.Errorf("%v: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[float64]string{0: "0.0", 12.44: "12.4", 203: "203", 99.96: "100", -1: "-", nan: "-"} {
		if got := Percent(in); got != want {
			t.Errorf("%v percent: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[float64]string{0: "0", 812: "812", 4800: "4.8k", 96000: "96k", 1.2e6: "1.2M", nan: "0"} {
		if got := Rate(in); got != want {
			t.Errorf("%v a second: %q, want %q", in, got, want)
		}
	}
	if got := Count(1, "line") + ", " + Count(48211, "line") + ", " + Count(0, "process"); got != "1 line, 48,211 lines, 0 processes" {
		t.Error(got)
	}
}

// From a minute on ages change when the clock's minute does, and at no other time.
func TestAgesStandStill(t *testing.T) {
	since := time.Date(2026, 11, 25, 14, 0, 50, 0, time.UTC)
	for after, want := range map[time.Duration]string{
		-time.Second: "0s", 9500 * time.Millisecond: "9s", 59 * time.Second: "59s", time.Minute: "1m", 129 * time.Second: "1m",
		130 * time.Second: "2m", 41*time.Minute + 30*time.Second: "41m", 12*time.Hour + 3*time.Minute + 10*time.Second: "12h03m",
	} {
		if got := Age(since, since.Add(after)); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
	for before, want := range map[time.Duration]string{
		-time.Second: "0s", time.Second: "1s", 59 * time.Second: "59s", time.Minute: "1m", 50*time.Second + 8*time.Minute: "8m",
		51*time.Second + 8*time.Minute: "9m", 12*time.Hour + 38*time.Minute: "12h38m",
	} {
		if got := Left(since, since.Add(-before)); got != want {
			t.Errorf("%v before: %q, want %q", before, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	list := []Column{
		{Min: 4, Want: 10},
		{Min: 5, Want: 5, Drop: 1},
		{Min: 3, Want: 6, Drop: 2},
		{Min: 4, Want: 8, Grow: true},
	}
	for w, want := range map[int][]int{
		60: {10, 5, 6, 36},
		32: {10, 5, 6, 8},
		28: {10, 5, 6, 4},
		26: {10, 5, 4, 4},
		19: {4, 5, 3, 4},
		18: {7, 5, 0, 4},
		14: {9, 0, 0, 4},
		8:  {4, 0, 0, 3},
		4:  {4, 0, 0, 0},
		2:  {2, 0, 0, 0},
		0:  {0, 0, 0, 0},
	} {
		if got := Columns(list, w, 1); !slices.Equal(got, want) {
			t.Errorf("in %d: %v, want %v", w, got, want)
		}
	}
}

func BenchmarkSpark(b *testing.B) {
	values := make([]float64, 60)
	for i := range values {
		values[i] = float64(i % 17)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = Spark(values, 12, 0, false)
	}
}

func BenchmarkChart(b *testing.B) {
	values := make([]float64, 900)
	for i := range values {
		values[i] = float64(i % 170)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = Chart(values, 60, 8, ChartOptions{From: "-15m", To: "now"})
	}
}

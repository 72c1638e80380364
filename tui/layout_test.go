package tui

import "testing"

// Every line of the screen is given out once, at any size.
func TestEveryLineIsGivenOut(t *testing.T) {
	for w := range 260 {
		for h := range 90 {
			for _, tail := range []bool{false, true} {
				l := arrange(w, h, 13, tail, defaultShare)
				if sum := l.header + l.tabs + l.main + l.tail + l.footer; sum != h {
					t.Fatalf("%dx%d: %+v gives out %d lines", w, h, l, sum)
				}
				if l.tail > 0 && l.tail < leastTail || l.main < 0 {
					t.Fatalf("%dx%d: %+v", w, h, l)
				}
			}
		}
	}
}

// Panes fill what they share.
func TestGridFills(t *testing.T) {
	for w := 1; w < 200; w++ {
		for n := 1; n <= mostPanes; n++ {
			list, stacked := grid(w, 40, n)
			sum := 0
			for _, r := range list {
				if stacked {
					sum += r.height
				} else {
					sum += r.width + 1
				}
			}
			if want := map[bool]int{true: 40, false: w + 1}[stacked]; sum != want {
				t.Fatalf("%d panes in %d: %v", n, w, list)
			}
		}
	}
}

// A terminal that does not know its size is asked nothing.
func TestASizeNobodyKnows(t *testing.T) {
	none := func(string) string { return "" }
	if w, h := fallback(0, 0, none); w != 80 || h != 24 {
		t.Errorf("%dx%d", w, h)
	}
	vars := func(name string) string { return map[string]string{"COLUMNS": "132", "LINES": "50"}[name] }
	if w, h := fallback(0, 0, vars); w != 132 || h != 50 {
		t.Errorf("%dx%d", w, h)
	}
	if w, h := fallback(90, 20, vars); w != 90 || h != 20 {
		t.Errorf("%dx%d", w, h)
	}
}

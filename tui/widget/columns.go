package widget

// Column is what a table knows of one of its columns when it is laid out.
type Column struct {
	// Min is the fewest columns of the terminal it is worth having with, Want
	// as many as its contents need.
	Min, Want int
	// Grow columns share what is left over when all have what they want.
	Grow bool
	// Drop says which columns go first where there is no room: the highest
	// goes first, 0 never goes.
	Drop int
}

// Columns are the widths of the columns in a table of w columns of the terminal
// with gap blanks between any two; a width of 0 means that the column is dropped.
// Columns are dropped until the rest have their Min, then shortened from Want
// towards Min beginning with the last, then widened where they grow. Where even
// those that never go have no room the last ones are cut short.
func Columns(list []Column, w, gap int) []int {
	widths := make([]int, len(list))
	for i, c := range list {
		widths[i] = max(c.Min, 1)
	}
	for total(widths, gap) > w {
		last := -1
		for i, c := range list {
			if widths[i] > 0 && c.Drop > 0 && (last < 0 || c.Drop > list[last].Drop) {
				last = i
			}
		}
		if last < 0 {
			squeeze(widths, w, gap)
			return widths
		}
		widths[last] = 0
	}
	left := w - total(widths, gap)
	for i, c := range list {
		if widths[i] == 0 {
			continue
		}
		more := min(left, max(c.Want-widths[i], 0))
		widths[i] += more
		left -= more
	}
	grow(list, widths, left)
	return widths
}

// total is the width of a table.
func total(widths []int, gap int) int {
	n, shown := 0, 0
	for _, w := range widths {
		if w > 0 {
			n += w
			shown++
		}
	}
	return n + gap*max(shown-1, 0)
}

// squeeze shortens, and then drops, from the end.
func squeeze(widths []int, w, gap int) {
	for i := len(widths) - 1; i >= 0 && total(widths, gap) > w; i-- {
		over := total(widths, gap) - w
		if widths[i] > over {
			widths[i] -= over
		} else {
			widths[i] = 0
		}
	}
}

func grow(list []Column, widths []int, left int) {
	n := 0
	for i, c := range list {
		if c.Grow && widths[i] > 0 {
			n++
		}
	}
	for i, c := range list {
		if c.Grow && widths[i] > 0 {
			share := left / n
			widths[i] += share
			left -= share
			n--
		}
	}
}

package graph

// The sides a line leaves a cell by, and the head of an arrow.
const (
	north = 1 << iota
	east
	south
	west
	head
)

// step is a cell of a line: where it is and by which sides the line leaves.
type step struct {
	x, y int32
	bits uint8
}

// turns is whether the line does more in the cell than go straight on.
func (s step) turns() bool {
	return s.bits&(north|south) != 0 && s.bits&(east|west) != 0
}

// place is where a unit stands: its glyph, and its name two columns on. Words is
// how many columns there are for the name, and Under whether its state is in the
// line below rather than behind the name.
type place struct {
	x, y, words int
}

// picture is where everything stands, without how it looks.
type picture struct {
	form          Form
	width, height int
	places        []place  // by unit
	lines         [][]step // by arc of the topology
	// lonely is the first line of the units without edges, -1 where all
	// have some.
	lonely int
	// rows are the units in the order of the rail form, or of the lines of
	// the layered one, for moving up and down; columns the layers.
	rows    []int
	columns [][]int
	// rails is how many columns the rails take.
	rails int
}

// Form is how the graph is drawn.
type Form uint8

// The forms. Auto is layered where that fits.
const (
	Auto Form = iota
	Layered
	Rail
)

// fits is the fewest columns a layer needs.
const fits = 16

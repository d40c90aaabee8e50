package woocommerce

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPagingNeverLosesARow reads a list that changes between pages: rows vanish anywhere, come back, and are added at the
// end. Every row that was there all the time is taken exactly once.
func TestPagingNeverLosesARow(t *testing.T) {
	shifted := 0
	for range 20 { // the rare cases need more tries than one check has
		rapid.Check(t, func(t *rapid.T) { shifted += page(t) })
	}
	if shifted == 0 {
		t.Error("the list never shifted, so the test proves nothing")
	}
}

// page reads one changing list and returns how often it was found shifted.
func page(t *rapid.T) (shifted int) {
	n := rapid.IntRange(0, 700).Draw(t, "rows")
	var list []int64
	always := map[int64]bool{}
	for i := range n {
		list = append(list, int64(i+1))
		always[int64(i+1)] = true
	}
	told := rapid.Bool().Draw(t, "totals")
	hides := rapid.SampledFrom([]int64{0, 0, 2, 3, 17}).Draw(t, "hides every") // counted, never shown
	shown := func(id int64) bool { return hides == 0 || id%hides != 0 }
	taken := map[int64]int{}
	var gone []int64
	p := position{}
	for pages := 0; ; pages++ {
		if pages > 400 {
			t.Fatal("the list has no end")
		}
		var page []int64
		if p.Offset < int64(len(list)) {
			for _, id := range list[p.Offset:min(int64(len(list)), p.Offset+pageSize)] {
				if shown(id) {
					page = append(page, id)
				}
			}
		}
		var total *int64
		if told {
			total = is(int64(len(list)))
		}
		st, err := p.take(page, total)
		if err != nil {
			t.Fatalf("page %d at %+v of %d rows = %v, want a step", pages, p, len(list), err)
		}
		if st.skip {
			shifted++
		} else {
			upTo := len(page)
			if upTo > st.from+1 && !st.done && rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
				upTo = rapid.IntRange(st.from+1, len(page)).Draw(t, "up to")
			}
			for _, id := range page[st.from:upTo] {
				taken[id]++
			}
			if st.done && upTo == len(page) {
				break
			}
			if upTo < len(page) {
				st.next = p.upTo(page, st.from, upTo)
			}
		}
		p = st.next
		if pages < 12 { // then the list comes to rest
			for range rapid.IntRange(0, 4).Draw(t, "deletions") {
				if len(list) > 0 {
					i := rapid.IntRange(0, len(list)-1).Draw(t, "which")
					delete(always, list[i])
					gone = append(gone, list[i])
					list = slices.Delete(list, i, i+1)
				}
			}
			for range min(len(gone), rapid.IntRange(0, 2).Draw(t, "returns")) {
				at, _ := slices.BinarySearch(list, gone[0])
				list, gone = slices.Insert(list, at, gone[0]), gone[1:]
			}
			for range rapid.IntRange(0, 3).Draw(t, "additions") {
				n++
				list = append(list, int64(n))
			}
		}
	}
	for id := range always {
		if want := map[bool]int{true: 1, false: 0}[shown(id)]; taken[id] != want {
			t.Fatalf("row %d was taken %d times, want %d", id, taken[id], want)
		}
	}
	for id, times := range taken {
		if times != 1 {
			t.Fatalf("row %d was taken %d times, want at most once", id, times)
		}
	}
	return shifted
}

// TestAListThatNeverRestsIsGivenUp: going back has a limit.
func TestAListThatNeverRestsIsGivenUp(t *testing.T) {
	p := position{Offset: 99, Last: 100}
	for n := range mostBacks + 2 {
		st, err := p.take([]int64{500}, is(int64(1000)))
		if err != nil {
			if n < mostBacks {
				t.Errorf("given up after %d steps back, want %d", n, mostBacks)
			}
			return
		}
		p = st.next
		p.Offset = 99
	}
	t.Errorf("still going back after %d steps", mostBacks+2)
}

// TestVersionsOrderTheStatesOfALine: a later second beats all of an earlier one, a settled reading beats all others of
// its second, and nothing overflows.
func TestVersionsOrderTheStatesOfALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (orderLine, phase) {
			q := rapid.Int64Range(0, mostQuantity).Draw(t, name+" quantity")
			l := orderLine{id: 1, quantity: q, reduced: is(rapid.Int64Range(0, mostQuantity).Draw(t, name+" reduced"))}
			return l, phase(rapid.Int64Range(0, int64(phaseCancelled)).Draw(t, name+" phase"))
		}
		second := rapid.Int64Range(1, 1<<40).Draw(t, "second")
		v := func(l orderLine, ph phase, second int64, settled bool) int64 {
			return version(second, settled, ph, l.fact(ph, false, settled, 0), l.quantity)
		}
		a, pa := draw("a")
		b, pb := draw("b")
		if early, late := v(a, pa, second, true), v(b, pb, second+1, false); early >= late {
			t.Fatalf("a later second has version %d, the earlier %d", late, early)
		}
		if open, settled := v(a, pa, second, false), v(b, pb, second, true); open >= settled {
			t.Fatalf("a settled reading has version %d, one before %d", settled, open)
		}
		if f := a.fact(pa, true, true, 0); f.Quantity < 0 || f.Shipped > f.Quantity || f.Returned > f.Shipped || f.Taken < 0 {
			t.Fatalf("fact(%+v, phase %d) = %+v", a, pa, f)
		}
	})
}

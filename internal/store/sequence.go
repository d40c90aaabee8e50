package store

import "context"

const nextText = `
INSERT INTO sequences (name, next) VALUES ($1, $2 + 1)
ON CONFLICT (name) DO UPDATE SET next = sequences.next + $2
RETURNING next`

// Next takes n ids of a sequence and returns the first of them. Ids are never given out twice; a rolled back
// transaction leaves no gap.
func Next[T ~int64](ctx context.Context, t *Tx, name string, n int) (T, error) {
	var next int64
	if _, err := t.one(ctx, nextText, []any{&next}, name, int64(n)); err != nil {
		return 0, err
	}
	return T(next - int64(n)), nil
}

package catalog

import "crypto/sha256"

// Seen finds keys that a file holds twice. It keeps 20 bytes a key, not the keys, so that a million rows fit in memory;
// two different keys are taken for one with a chance of one in 2^88 for a million rows.
type Seen struct{ lines map[[16]byte]uint32 }

// Add notes that key is in line. It returns the earlier line that has it; 0 when there is none.
func (s *Seen) Add(key string, line int) int {
	if s.lines == nil {
		s.lines = make(map[[16]byte]uint32)
	}
	sum := sha256.Sum256([]byte(key))
	k := [16]byte(sum[:16])
	if first, ok := s.lines[k]; ok {
		return int(first)
	}
	s.lines[k] = uint32(line)
	return 0
}

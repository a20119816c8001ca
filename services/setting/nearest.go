package setting

import "fmt"

// meant returns a question after the word that is nearest to one that is not known,
// or nothing where none is near.
func meant(word string, known []string) string {
	best, at := "", len(word)/2+1
	for _, candidate := range known {
		if d := distance(word, candidate); d < at {
			best, at = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; is %s meant?", best)
}

// distance is how many letters have to be put in, taken out, replaced or swapped
// with their neighbour to make a of b.
func distance(a, b string) int {
	rows := [3][]int{}
	for at := range rows {
		rows[at] = make([]int, len(b)+1)
	}
	before, last, row := rows[0], rows[1], rows[2]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

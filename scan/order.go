package scan

import "slices"

// stable sorts a list, and leaves equal elements in their order. It sorts their places,
// as each type that a generic sort is made for takes several KB of the program.
func stable[T any](list []T, compare func(a, b *T) int) {
	sorted := make([]T, 0, len(list))
	for _, i := range placesBy(len(list), func(i, j int) int { return compare(&list[i], &list[j]) }) {
		sorted = append(sorted, list[i])
	}
	copy(list, sorted)
}

func placesBy(n int, compare func(i, j int) int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, compare)
	return places
}

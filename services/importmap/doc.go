// Package importmap holds no code of the product. Its test is the map of who
// may import whom: the table in importmap_test.go is both the documentation
// and the rule, and a package that stands on no row of it fails the test.
//
// The test reads the source of every module of the workspace, which the cache
// of go test does not see. Run it with -count=1, as make check does.
package importmap

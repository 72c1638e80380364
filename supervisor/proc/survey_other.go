//go:build !linux

package proc

// Survey says that trees cannot be held here.
func Survey() (containment, missing string, controllers map[string]string) {
	return "none", errSystem.Error(), nil
}

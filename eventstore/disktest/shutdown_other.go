//go:build !linux

package disktest

import "errors"

func (d *Disk) shutdown() error { return errors.ErrUnsupported }

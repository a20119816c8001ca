package disktest

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// From the kernel's include/uapi/linux/fs.h and fs/ext4/ext4.h.
const (
	goingDown  = 0x8004587d // EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
	noLogFlush = 2          // neither data nor journal is written before
)

func (d *Disk) shutdown() (err error) {
	dir, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	flag := uint32(noLogFlush)
	if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, dir.Fd(), goingDown, uintptr(unsafe.Pointer(&flag))); no != 0 {
		return fmt.Errorf("shut %s down: %w", d.Dir, no)
	}
	return nil
}

package doctor

// EncryptedDevice lets tests describe a device.
func EncryptedDevice(dir string) bool { return encryptedDevice(dir, 0) }

package otpexport

// What the tests call that the program does not.
var (
	Plain = plain
	Draw  = Window.draw
)

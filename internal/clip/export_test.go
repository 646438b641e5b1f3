package clip

var Within = within

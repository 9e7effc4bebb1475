package program

var ServeExamples = serveExamples

// Development tools only; nothing here is part of the program.
module github.com/steward-pm/steward/tools

go 1.26.0

package duty

import _ "github.com/steward-pm/steward/internal/fees"

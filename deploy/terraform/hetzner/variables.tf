variable "name" {
  description = "Name of the server, and the beginning of the names of what belongs to it."
  type        = string
  default     = "puente"
}

variable "image" {
  description = "Where the machine fetches Puente's image from."
  type        = string
}

variable "realm" {
  description = "The realm of TURN, usually your domain."
  type        = string
}

variable "turn_secret" {
  description = "Secret of time-limited credentials, the same as in your application: openssl rand -hex 32"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.turn_secret) >= 16
    error_message = "At least 16 characters."
  }
}

variable "admin_cidrs" {
  description = "Networks that may reach SSH. The console stays on the machine's loopback: ssh -L 9641:127.0.0.1:9641."
  type        = list(string)
  default     = []
}

variable "location" {
  description = "The location, as fsn1."
  type        = string
  default     = "fsn1"
}

variable "server_type" {
  description = "Network and processors count more than memory."
  type        = string
  default     = "ccx13"
}

variable "ssh_keys" {
  description = "Names of keys in the project."
  type        = list(string)
  default     = []
}

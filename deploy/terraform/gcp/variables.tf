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

variable "zone" {
  description = "The zone, as europe-west1-b."
  type        = string
}

variable "network" {
  description = "The VPC network."
  type        = string
  default     = "default"
}

variable "machine_type" {
  description = "Network and processors count more than memory."
  type        = string
  default     = "c3-standard-4"
}

variable "boot_image" {
  description = "A Debian or Ubuntu image with cloud-init."
  type        = string
  default     = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
}

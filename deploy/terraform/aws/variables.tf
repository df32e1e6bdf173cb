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

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_id" {
  description = "A public subnet of it."
  type        = string
}

variable "ami" {
  description = "A Debian or Ubuntu image of the region."
  type        = string
}

variable "instance_type" {
  description = "Network and processors count more than memory."
  type        = string
  default     = "c7i.large"
}

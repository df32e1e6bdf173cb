terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0"
    }
  }
}

locals {
  # Ports as everybody expects them (docs/DEPLOY.md, Ports): clients and peers come from anywhere.
  ports = {
    turn_udp  = { protocol = "udp", from = 3478, to = 3478 }
    turn_tcp  = { protocol = "tcp", from = 3478, to = 3478 }
    turns_udp = { protocol = "udp", from = 5349, to = 5349 }
    turns_tcp = { protocol = "tcp", from = 5349, to = 5349 }
    http      = { protocol = "tcp", from = 8080, to = 8080 }
    https     = { protocol = "tcp", from = 8443, to = 8443 }
    relays    = { protocol = "udp", from = 49152, to = 65535 }
  }
  start = templatefile("${path.module}/../../cloud-init/puente.yaml", {
    image       = var.image
    realm       = var.realm
    turn_secret = var.turn_secret
  })
}

resource "google_compute_address" "puente" {
  name   = var.name
  region = join("-", slice(split("-", var.zone), 0, 2))
}

resource "google_compute_firewall" "puente" {
  name          = var.name
  network       = var.network
  source_ranges = ["0.0.0.0/0"]
  target_tags   = [var.name]

  dynamic "allow" {
    for_each = local.ports
    content {
      protocol = allow.value.protocol
      ports    = ["${allow.value.from}-${allow.value.to}"]
    }
  }
}

resource "google_compute_firewall" "ssh" {
  count         = length(var.admin_cidrs) > 0 ? 1 : 0
  name          = "${var.name}-ssh"
  network       = var.network
  source_ranges = var.admin_cidrs
  target_tags   = [var.name]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_compute_instance" "puente" {
  name         = var.name
  zone         = var.zone
  machine_type = var.machine_type
  tags         = [var.name]
  metadata     = { user-data = local.start }

  boot_disk {
    initialize_params {
      image = var.boot_image
    }
  }

  network_interface {
    network = var.network
    access_config {
      nat_ip = google_compute_address.puente.address
    }
  }

  shielded_instance_config {
    enable_secure_boot = true
  }
}

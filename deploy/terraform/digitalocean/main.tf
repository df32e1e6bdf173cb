terraform {
  required_version = ">= 1.5"
  required_providers {
    digitalocean = {
      source  = "digitalocean/digitalocean"
      version = ">= 2.30"
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

resource "digitalocean_droplet" "puente" {
  name      = var.name
  image     = "debian-12-x64"
  region    = var.region
  size      = var.size
  ipv6      = true
  ssh_keys  = var.ssh_keys
  user_data = local.start
}

resource "digitalocean_reserved_ip" "puente" {
  region     = var.region
  droplet_id = digitalocean_droplet.puente.id
}

resource "digitalocean_firewall" "puente" {
  name        = var.name
  droplet_ids = [digitalocean_droplet.puente.id]

  dynamic "inbound_rule" {
    for_each = local.ports
    content {
      protocol         = inbound_rule.value.protocol
      port_range       = "${inbound_rule.value.from}-${inbound_rule.value.to}"
      source_addresses = ["0.0.0.0/0", "::/0"]
    }
  }

  dynamic "inbound_rule" {
    for_each = length(var.admin_cidrs) > 0 ? [1] : []
    content {
      protocol         = "tcp"
      port_range       = "22"
      source_addresses = var.admin_cidrs
    }
  }

  dynamic "outbound_rule" {
    for_each = ["tcp", "udp"]
    content {
      protocol              = outbound_rule.value
      port_range            = "1-65535"
      destination_addresses = ["0.0.0.0/0", "::/0"]
    }
  }
}

terraform {
  required_version = ">= 1.5"
  required_providers {
    hcloud = {
      source  = "hetznercloud/hcloud"
      version = ">= 1.45"
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

resource "hcloud_firewall" "puente" {
  name = var.name

  dynamic "rule" {
    for_each = local.ports
    content {
      description = rule.key
      direction   = "in"
      protocol    = rule.value.protocol
      port        = "${rule.value.from}-${rule.value.to}"
      source_ips  = ["0.0.0.0/0", "::/0"]
    }
  }

  dynamic "rule" {
    for_each = length(var.admin_cidrs) > 0 ? [1] : []
    content {
      description = "ssh"
      direction   = "in"
      protocol    = "tcp"
      port        = "22"
      source_ips  = var.admin_cidrs
    }
  }
}

resource "hcloud_primary_ip" "puente" {
  name          = var.name
  type          = "ipv4"
  assignee_type = "server"
  location      = var.location
  auto_delete   = false
}

resource "hcloud_server" "puente" {
  name         = var.name
  image        = "debian-12"
  server_type  = var.server_type
  location     = var.location
  ssh_keys     = var.ssh_keys
  firewall_ids = [hcloud_firewall.puente.id]
  user_data    = local.start

  public_net {
    ipv4         = hcloud_primary_ip.puente.id
    ipv6_enabled = true
  }
}

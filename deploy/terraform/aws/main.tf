terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
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

resource "aws_security_group" "puente" {
  name   = var.name
  vpc_id = var.vpc_id

  dynamic "ingress" {
    for_each = local.ports
    content {
      description      = ingress.key
      protocol         = ingress.value.protocol
      from_port        = ingress.value.from
      to_port          = ingress.value.to
      cidr_blocks      = ["0.0.0.0/0"]
      ipv6_cidr_blocks = ["::/0"]
    }
  }

  dynamic "ingress" {
    for_each = length(var.admin_cidrs) > 0 ? [1] : []
    content {
      description = "ssh"
      protocol    = "tcp"
      from_port   = 22
      to_port     = 22
      cidr_blocks = var.admin_cidrs
    }
  }

  egress {
    protocol         = "-1"
    from_port        = 0
    to_port          = 0
    cidr_blocks      = ["0.0.0.0/0"]
    ipv6_cidr_blocks = ["::/0"]
  }
}

resource "aws_network_interface" "puente" {
  subnet_id       = var.subnet_id
  security_groups = [aws_security_group.puente.id]
}

# Before the machine: its first start fetches from the Internet.
resource "aws_eip" "puente" {
  domain            = "vpc"
  network_interface = aws_network_interface.puente.id
  tags              = { Name = var.name }
}

resource "aws_instance" "puente" {
  ami           = var.ami
  instance_type = var.instance_type
  user_data     = local.start
  tags          = { Name = var.name }
  depends_on    = [aws_eip.puente]

  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.puente.id
  }

  # external-ip=auto asks here; two hops, as an answer for a container's own network would take.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  root_block_device {
    encrypted = true
  }
}

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.0"
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

resource "azurerm_public_ip" "puente" {
  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location
  allocation_method   = "Static"
  sku                 = "Standard"
}

resource "azurerm_network_security_group" "puente" {
  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location
}

resource "azurerm_network_security_rule" "open" {
  for_each                    = local.ports
  name                        = each.key
  priority                    = 100 + index(keys(local.ports), each.key)
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = title(each.value.protocol)
  source_port_range           = "*"
  destination_port_range      = "${each.value.from}-${each.value.to}"
  source_address_prefix       = "*"
  destination_address_prefix  = "*"
  resource_group_name         = var.resource_group
  network_security_group_name = azurerm_network_security_group.puente.name
}

resource "azurerm_network_security_rule" "ssh" {
  count                       = length(var.admin_cidrs) > 0 ? 1 : 0
  name                        = "ssh"
  priority                    = 200
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_port_range           = "*"
  destination_port_range      = "22"
  source_address_prefixes     = var.admin_cidrs
  destination_address_prefix  = "*"
  resource_group_name         = var.resource_group
  network_security_group_name = azurerm_network_security_group.puente.name
}

resource "azurerm_network_interface" "puente" {
  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location

  ip_configuration {
    name                          = "public"
    subnet_id                     = var.subnet_id
    private_ip_address_allocation = "Dynamic"
    public_ip_address_id          = azurerm_public_ip.puente.id
  }
}

resource "azurerm_network_interface_security_group_association" "puente" {
  network_interface_id      = azurerm_network_interface.puente.id
  network_security_group_id = azurerm_network_security_group.puente.id
}

resource "azurerm_linux_virtual_machine" "puente" {
  name                  = var.name
  resource_group_name   = var.resource_group
  location              = var.location
  size                  = var.size
  admin_username        = "puente-admin"
  network_interface_ids = [azurerm_network_interface.puente.id]
  custom_data           = base64encode(local.start)

  admin_ssh_key {
    username   = "puente-admin"
    public_key = var.ssh_public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Premium_LRS"
  }

  source_image_reference {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "latest"
  }
}

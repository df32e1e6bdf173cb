output "address" {
  description = "Where clients find the server: turn:ADDRESS:3478."
  value       = digitalocean_reserved_ip.puente.ip_address
}

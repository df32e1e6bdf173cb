output "address" {
  description = "Where clients find the server: turn:ADDRESS:3478."
  value       = aws_eip.puente.public_ip
}
